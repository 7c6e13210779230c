import PromptCaching
import Values

/// Plans what calls do about the prompt caches of their models' servers: the one seam of the road to whoever knows what is in them.
protocol CachePlanning: Sendable {
    /// What is planned of a call that is about to be made; `nil`: nothing is known of a cache, or no prefix of the prompt could be in it.
    func plan(_ question: Question, _ segments: [PromptSegment], at moment: Timestamp) -> CachePlan?

    /// The answer to a call that writes has begun: what it was to write can be read from now on. Told before those who wait for it are prepared anew,
    /// of an answer that comes in one piece at its end; of one that comes in pieces at both.
    func isWritten(_ plan: CachePlan, at moment: Timestamp)
}
