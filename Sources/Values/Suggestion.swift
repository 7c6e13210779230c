/// Did-you-mean: the known name that a misspelt one is nearest to.
public enum Suggestion {
    /// The candidate within a third of the word's length (at least 1, at most 3 edits), or one that the word is a
    /// prefix of, with which it shares at least a letter; ties go to the first by name, so that messages do not change from run to run.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let limit = max(1, min(3, word.count / 3))
        let lowered = word.lowercased()
        var best: (distance: Int, name: String)?
        for candidate in candidates where candidate != word {
            let other = candidate.lowercased()
            var distance = editDistance(Array(lowered.utf8), Array(other.utf8))
            if word.count >= 3, other.hasPrefix(lowered) { distance = min(distance, limit) }
            // Of words of one or two letters something must be left, or any would do.
            guard distance <= limit, distance < max(word.count, candidate.count) else { continue }
            if let current = best, (current.distance, current.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// `did you mean 'x'?`, or `nil`.
    public static func hint(for word: String, in candidates: some Sequence<String>) -> String? {
        closest(to: word, in: candidates).map { "did you mean '\($0)'?" }
    }

    /// Levenshtein with adjacent transpositions counted as one edit.
    static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                let cost = a[i - 1] == b[j - 1] ? 0 : 1
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { row[j] = min(row[j], beforeLast[j - 2] + 1) }
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
