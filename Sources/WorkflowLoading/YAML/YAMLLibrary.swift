import CYAML

/// The libyaml that is in use.
public enum YAMLLibrary {
    /// `0.2.5`
    public static var version: String { String(cString: yaml_get_version_string()) }
}
