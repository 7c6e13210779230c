/// The difference of two texts by lines, as `diff -u` writes it.
public enum UnifiedDiff {
    /// Unchanged lines around a change.
    private static let context = 3
    /// Above this many comparisons what differs is shown as one block.
    private static let maximumWork = 4_000_000

    private enum Edit {
        case keep(Substring), remove(Substring), add(Substring)
    }

    /// - Returns: an empty text when both are the same.
    public static func text(_ before: String, _ after: String, file: String) -> String {
        guard !before.hasSameBytes(as: after) else { return "" }
        let edits = edits(lines(before), lines(after))
        var result = "--- \(file)\n+++ \(file)\n"
        var index = 0
        var (oldLine, newLine) = (1, 1)
        while index < edits.count {
            guard let change = edits[index...].firstIndex(where: { if case .keep = $0 { false } else { true } }) else { break }
            let start = max(index, change - context)
            (oldLine, newLine) = (oldLine + start - index, newLine + start - index)
            // A hunk goes on as long as changes are so near that their context meets.
            var end = change
            var unchanged = 0
            var scan = change
            while scan < edits.count, unchanged <= 2 * context {
                if case .keep = edits[scan] { unchanged += 1 } else { (unchanged, end) = (0, scan + 1) }
                scan += 1
            }
            end = min(edits.count, end + context)
            var (old, new) = (0, 0)
            var body = ""
            for edit in edits[start..<end] {
                switch edit {
                case .keep(let line): (old, new, body) = (old + 1, new + 1, body + " \(line)\n")
                case .remove(let line): (old, body) = (old + 1, body + "-\(line)\n")
                case .add(let line): (new, body) = (new + 1, body + "+\(line)\n")
                }
            }
            result += "@@ -\(old == 0 ? oldLine - 1 : oldLine),\(old) +\(new == 0 ? newLine - 1 : newLine),\(new) @@\n" + body
            (oldLine, newLine) = (oldLine + old, newLine + new)
            index = end
        }
        return result
    }

    /// By bytes: as characters, `\r\n` is no `\n`.
    private static func lines(_ text: String) -> [Substring] {
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Substring($0) }
        if lines.last?.isEmpty == true { lines.removeLast() } else if let last = lines.popLast() { lines.append(last + "\n\\ No newline at end of file") }
        return lines
    }

    private static func same(_ a: Substring, _ b: Substring) -> Bool { a.utf8.elementsEqual(b.utf8) }

    private static func edits(_ a: [Substring], _ b: [Substring]) -> [Edit] {
        let head = zip(a, b).prefix { same($0, $1) }.count
        let tail = min(zip(a.reversed(), b.reversed()).prefix { same($0, $1) }.count, a.count - head, b.count - head)
        let (old, new) = (Array(a[head..<a.count - tail]), Array(b[head..<b.count - tail]))
        return a[..<head].map { .keep($0) } + middle(old, new) + a[(a.count - tail)...].map { .keep($0) }
    }

    /// Along a longest common subsequence.
    private static func middle(_ a: [Substring], _ b: [Substring]) -> [Edit] {
        guard a.count * b.count <= maximumWork else { return a.map { .remove($0) } + b.map { .add($0) } }
        let width = b.count + 1
        var lengths = [Int32](repeating: 0, count: (a.count + 1) * width)
        for i in a.indices.reversed() {
            for j in b.indices.reversed() {
                lengths[i * width + j] =
                    same(a[i], b[j])
                    ? lengths[(i + 1) * width + j + 1] + 1 : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        var edits: [Edit] = []
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            if i < a.count, j < b.count, same(a[i], b[j]) {
                edits.append(.keep(a[i]))
                (i, j) = (i + 1, j + 1)
            } else if i < a.count, j == b.count || lengths[(i + 1) * width + j] >= lengths[i * width + j + 1] {
                edits.append(.remove(a[i]))
                i += 1
            } else {
                edits.append(.add(b[j]))
                j += 1
            }
        }
        return edits
    }
}
