import Glibc

/// A program that ends before it has read what it is given must not end the tests, too: swift-subprocess writes to its pipe, and a write to a closed
/// one is a signal that ends a process without a word. A handler, not SIG_IGN, which programs that are started would inherit.
public enum ClosedPipes {
    /// Named by whatever starts programs with input.
    public static let areEndured: Void = { _ = signal(SIGPIPE) { _ in } }()
}
