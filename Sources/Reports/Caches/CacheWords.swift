import PromptCaching

/// What became of a prefix, in words.
enum CacheWords {
    /// Of the calls that count nowhere; `nil`: there is none.
    static func unreported(_ row: CacheRow) -> String? {
        guard row.unreported > 0 else { return nil }
        let doubtful = row.doubtful > 0 ? ", \(Figures.count(row.doubtful)) of them with a usage that is not taken as final as a count in it cannot be" : ""
        return "\(Figures.counted(row.unreported, "call")) whose server does not say what it read\(doubtful): in no token and no amount"
    }

    /// Behind a number of calls, or a call.
    static func miss(_ cause: CacheMiss) -> String {
        switch cause {
        case .expired: "too late for its entry"
        case .moved: "with another prompt or setting than was written"
        case .belowMinimum: "with a prefix shorter than the cache takes"
        case .raced: "while it was still being written"
        case .unreported: "whose server does not say what it read"
        case .evicted: "whose entry was dropped early, or stood on another machine"
        }
    }

    /// As a sentence's second half, of one call.
    static func reason(_ cause: CacheMiss) -> String {
        switch cause {
        case .expired: "its entry had not been used for as long as it lives"
        case .moved: "the prompt, or a setting that belongs to it, is another than was written"
        case .belowMinimum: "the prefix is shorter than what the model's cache takes"
        case .raced: "the call that wrote it had not begun to answer"
        case .unreported: "the server does not say what it read"
        case .evicted: "it should have been there: it was dropped early, or another machine answered"
        }
    }
}
