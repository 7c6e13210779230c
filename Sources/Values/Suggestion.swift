/// Did-you-mean: the known name that a misspelt one is nearest to.
public enum Suggestion {
    /// The candidate within a third of the word's length (at least 1, at most 3 edits), or one that the word is a
    /// prefix of or whose parts it abbreviates (`max_token`: `max_output_tokens`), with which it shares at least a letter. Of several
    /// the one with the fewest edits; ties go to the first by name, so that messages do not change from run to run.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let limit = max(1, min(3, word.count / 3))
        let lowered = word.lowercased()
        var best: (distance: Int, edits: Int, name: String)?
        for candidate in candidates where candidate != word {
            let other = candidate.lowercased()
            let edits = editDistance(Array(lowered.utf8), Array(other.utf8))
            var distance = edits
            if word.count >= 3, other.hasPrefix(lowered) || abbreviates(lowered, other) { distance = min(distance, limit) }
            // Of words of one or two letters something must be left, or any would do.
            guard distance <= limit, distance < max(word.count, candidate.count) else { continue }
            if let current = best, (current.distance, current.edits, current.name) <= (distance, edits, candidate) { continue }
            best = (distance, edits, candidate)
        }
        return best?.name
    }

    /// `did you mean 'x'?`, or `nil`.
    public static func hint(for word: String, in candidates: some Sequence<String>) -> String? {
        closest(to: word, in: candidates).map { "did you mean '\($0)'?" }
    }

    /// Whether the parts of a word begin parts of another in the same order; one part alone says too little.
    private static func abbreviates(_ word: String, _ other: String) -> Bool {
        let parts = word.split(separator: "_")
        guard parts.count > 1 else { return false }
        var rest = other.split(separator: "_")[...]
        for part in parts {
            guard let index = rest.firstIndex(where: { $0.hasPrefix(part) }) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
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
