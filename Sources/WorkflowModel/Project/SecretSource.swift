/// Where a secret is read from. The secret itself is never part of a configuration that is written anywhere.
public enum SecretSource: Sendable, Hashable {
    case environment(String)
    case command([String])
    /// Literal, for loopback endpoints only.
    case value(String)
}
