/// Did-you-mean: the known name that a misspelt one is nearest to.
public enum Suggestion {
    /// The candidate within a third of the word's length (at least 1, at most 3 edits), or one that the word is a
    /// prefix of or whose parts it abbreviates (`max_token`: `max_output_tokens`), with which it shares at least a letter. Of several
    /// the one with the fewest edits; ties go to the first by name, so that messages do not change from run to run.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let lowered = Array(word.lowercased().utf8)
        let count = word.count
        let limit = max(1, min(3, count / 3))
        var best: (distance: Int, edits: Int, name: String)?
        for candidate in candidates where candidate != word {
            let other = Array(candidate.lowercased().utf8)
            var edits = editDistance(lowered, other, atMost: limit)
            var distance = edits ?? limit + 1
            if count >= 3, other.starts(with: lowered) || abbreviates(lowered, other) {
                distance = min(distance, limit)
                // Its letters stand in the other in their order.
                edits = edits ?? other.count - lowered.count
            }
            // Of words of one or two letters something must be left, or any would do.
            guard let edits, distance <= limit, distance < max(count, candidate.count) else { continue }
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
    private static func abbreviates(_ word: [UInt8], _ other: [UInt8]) -> Bool {
        guard word.count <= other.count, word.contains(UInt8(ascii: "_")) else { return false }
        let parts = word.split(separator: UInt8(ascii: "_"))
        guard parts.count > 1 else { return false }
        var rest = other.split(separator: UInt8(ascii: "_"))[...]
        for part in parts {
            guard let index = rest.firstIndex(where: { $0.starts(with: part) }) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    /// Levenshtein with adjacent transpositions counted as one edit.
    ///
    /// - Returns: `nil` when there are more than `limit`. Then it costs little, whatever the words are.
    static func editDistance(_ a: [UInt8], _ b: [UInt8], atMost limit: Int) -> Int? {
        guard abs(a.count - b.count) <= limit else { return nil }
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        // Three rows of the table in turn; cells farther than the limit from the diagonal cannot count.
        let width = b.count + 1
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 3 * width) { cells -> Int? in
            cells.initialize(repeating: limit + 1)
            for j in 0...min(limit, b.count) { cells[j] = j }
            var leastBefore = 0
            for i in 1...a.count {
                let (row, last, beforeLast) = (i % 3 * width, (i + 2) % 3 * width, (i + 1) % 3 * width)
                let (low, high) = (max(1, i - limit), min(b.count, i + limit))
                cells[row + low - 1] = low == 1 ? i : limit + 1
                if high < b.count { cells[row + high + 1] = limit + 1 }
                var least = cells[row + low - 1]
                if low <= high {
                    for j in low...high {
                        let cost = a[i - 1] == b[j - 1] ? 0 : 1
                        var cell = min(cells[last + j] + 1, cells[row + j - 1] + 1, cells[last + j - 1] + cost)
                        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cell = min(cell, cells[beforeLast + j - 2] + 1) }
                        cells[row + j] = cell
                        least = min(least, cell)
                    }
                }
                // A transposition reaches two rows up, so one row beyond the limit decides only with the one before it.
                if least > limit, leastBefore > limit { return nil }
                leastBefore = least
            }
            let distance = cells[a.count % 3 * width + b.count]
            return distance <= limit ? distance : nil
        }
    }
}
