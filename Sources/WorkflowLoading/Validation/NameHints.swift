import Values

/// What to write in place of names that do not exist.
///
/// Comparing each of a thousand wrong names with each of a thousand known ones takes seconds: past the first hundred, which
/// nobody has mended yet, there are no hints.
final class NameHints {
    private static let mostListed = 40

    private var left = 100

    /// Did-you-mean, or the names after `title`.
    ///
    /// - Parameter otherwise: what is said when no name is near, and in place of the list.
    func hint(for name: String, in names: [String], _ title: String, otherwise: String? = nil) -> String? {
        left -= 1
        guard left >= 0 else { return nil }
        if let hint = Suggestion.hint(for: name, in: names) ?? otherwise { return hint }
        guard !names.isEmpty else { return nil }
        return "\(title): \(names.prefix(Self.mostListed).joined(separator: ", "))\(names.count > Self.mostListed ? ", …" : "")"
    }
}
