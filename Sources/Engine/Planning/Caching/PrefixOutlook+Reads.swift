import PromptCaching
import Values

/// How often what a question begins with is read again.
extension PrefixOutlook {
    /// What has begun when a question is asked for the first time, if all goes as the graph has it: those before it.
    func progress(at question: Int) -> (Int) -> Progress {
        { other in other < question ? Progress(isOver: true) : Progress(begun: other == question ? 1 : 0) }
    }

    /// How many later questions of the run are expected to begin with the same blocks, for each end of a block, and each lifetime, each within that time of the one before.
    ///
    /// It never grows from one end to the next, nor from a lifetime to a shorter one.
    ///
    /// - Parameters:
    ///   - question: the one that is asked now, counted among those that have begun.
    ///   - lifetimes: in any order.
    ///   - counts: by axis, how often in all, where that is known better than the graph knows it: a list has its length when its step begins.
    ///   - progress: of each question that shares something with it, asked once each; `nil`: all before it have ended, and it is asked for the first time.
    /// - Returns: by block, then by lifetime.
    func reads(of question: Int, within lifetimes: [TimeSpan], counts: [Int: Double] = [:], progress: ((Int) -> Progress)? = nil) -> [[Double]] {
        let own = asked[question]
        let axes = counts.isEmpty ? self.axes : self.axes.enumerated().map { index, axis in counts[index].map(axis.counting) ?? axis }
        let progress = progress ?? self.progress(at: question)
        var reads = [[Double]](repeating: [Double](repeating: 0, count: lifetimes.count), count: own.blocks.count)
        guard !own.blocks.isEmpty else { return reads }
        // Each question with what is left of it: how often in all, and the share of that.
        let others = sharing[question].compactMap { other -> (sharing: Sharing, left: Double, total: Double)? in
            let state = progress(other.asked)
            if state.isOver { return nil }
            // In the measure of what is known better.
            let total = asked[other.asked].axes.reduce(max(asked[other.asked].expected, 0)) { $0 * (axes[$1].count / max(self.axes[$1].count, .leastNonzeroMagnitude)) }
            let left = max(0, total - Double(state.begun))
            return left > 0 ? (other, left, total) : nil
        }
        // What all that share so much are at the same place of.
        var fixed: [Int] = []
        for block in own.blocks.indices {
            for axis in own.blocks[block].axes where !fixed.contains(axis) { fixed.append(axis) }
            let groups = fixed.reduce(1) { $0 * max(1, axes[$1].count) }
            for (position, lifetime) in lifetimes.enumerated() {
                let span = Double(lifetime.milliseconds) / 1000
                // Since when the prefix has not been used.
                var last = own.start
                for other in others where other.sharing.blocks > block {
                    let asked = asked[other.sharing.asked]
                    let start = max(asked.start, own.start)
                    guard start - last <= span else { break }
                    // What comes too late after the one before it is not reached: of an axis then those alone that begin at once.
                    var end = start
                    var reached = 1 / groups
                    for axis in asked.axes where !fixed.contains(axis) {
                        if axes[axis].period <= span { end += axes[axis].spread } else { reached *= axes[axis].firstWave }
                    }
                    var count = other.left * reached
                    if other.sharing.asked == question {
                        // Of those that begin alike, this one is not to come any more.
                        count = other.total > 1 ? max(0, other.total * reached - 1) * min(1, other.left / (other.total - 1)) : 0
                    }
                    reads[block][position] += count
                    last = max(last, end)
                }
            }
        }
        return reads
    }
}
