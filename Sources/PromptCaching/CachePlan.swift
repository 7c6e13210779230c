import Values

/// What was planned of a prompt cache for one call: where its prompt could be cut, how often each beginning is expected to be read again, what is expected to be found,
/// and the marks that follow from it. Recorded with the call's intent, so that the same planner can be asked again.
public struct CachePlan: Sendable, Hashable {
    /// The end of a segment of the prompt, at which a prefix can be cached.
    public struct End: Sendable, Hashable {
        /// The position of the segment in the request.
        public var segment: Int
        /// Names everything up to here, and the space that it is in: equal names, equal prefixes. The first 8 bytes of the hash chain.
        public var name: UInt64
        /// From the beginning of the prompt, by the estimate of its bytes.
        public var tokens: Int
        /// Of the segment that ends here.
        public var stability: StabilityClass
        /// How many later requests are expected to read the prefix, in thousandths, for each of the rules' lifetimes in their order.
        public var reads: [Int]

        public init(segment: Int, name: UInt64, tokens: Int, stability: StabilityClass, reads: [Int]) {
            self.segment = segment
            self.name = name
            self.tokens = tokens
            self.stability = stability
            self.reads = reads
        }
    }

    /// A prefix that is written to the cache.
    public struct Mark: Sendable, Hashable {
        /// The position in ``CachePlan/ends``.
        public var end: Int
        /// How long it lives after its last use.
        public var lifetime: TimeSpan

        public init(end: Int, lifetime: TimeSpan) {
            self.end = end
            self.lifetime = lifetime
        }
    }

    /// No prompt is longer, and nothing is expected to be read more often: in tokens, in thousandths.
    public static let (mostTokens, mostReads) = (1 << 30, 1_000_000_000)

    /// A number of reads in thousandths.
    public static func thousandths(_ reads: Double) -> Int { reads.isFinite ? Int((min(max(reads, 0), Double(mostReads) / 1000) * 1000).rounded()) : 0 }

    /// The name of the ``CacheRules`` that hold for the model.
    public var rules: String
    /// Shorter prefixes were expected not to be cached, in tokens.
    public var leastTokens: Int
    /// Requests of one space can share a prefix: one provider's entry, model and setting.
    public var space: UInt64
    /// In the order of the prompt.
    public var ends: [End]
    /// The tokens of the longest prefix that is expected to be in the cache when the request arrives.
    public var cached: Int
    /// In the order of the prompt.
    public var marks: [Mark]
    /// Whether the run is one of those that are asked without marks and warm-up, for comparison.
    public var isHeldOut: Bool

    public init(rules: String, leastTokens: Int, space: UInt64, ends: [End], cached: Int, marks: [Mark], isHeldOut: Bool = false) {
        self.rules = rules
        self.leastTokens = leastTokens
        self.space = space
        self.ends = ends
        self.cached = cached
        self.marks = marks
        self.isHeldOut = isHeldOut
    }
}

/// Why a cache had less of a prompt than was expected.
public enum CacheMiss: String, Sendable, Hashable, CaseIterable {
    /// Its entry had not been used for as long as it lives.
    case expired
    /// The prompt, or a setting that belongs to it, is another than the one that was written.
    case moved
    /// The prefix is shorter than what the model's cache takes.
    case belowMinimum = "below_minimum"
    /// It was written by a call whose answer had not begun.
    case raced
    /// The server does not say what it read.
    case unreported = "not_reported"
    /// It should have been there: it was dropped early, or another machine answered.
    case evicted
}

/// What a request tells the prompt cache of its server.
public struct CacheInstructions: Sendable, Hashable {
    /// The end of a prefix that is to be cached.
    public struct Mark: Sendable, Hashable {
        /// The position of the segment in the request, behind which it stands, or ``tools``.
        public var segment: Int
        public var lifetime: TimeSpan

        /// In place of a segment: behind the tools, which stand before all of them where a schema is sent as one.
        public static let tools = -1

        public init(segment: Int, lifetime: TimeSpan) {
            self.segment = segment
            self.lifetime = lifetime
        }
    }

    /// In the order of the prompt, longer lifetimes before shorter ones.
    public var marks: [Mark]
    /// Requests with one key go to one machine, where the API has such a key.
    public var key: String?
    /// Where the server keeps prompts in slots, the one to be asked.
    public var slot: Int?
    /// Whether nothing is to be cached that is not marked, where a server would write by itself.
    public var isExplicit: Bool
    /// Whether the prompt is only to be written to the cache, without an answer.
    public var isWarmUp: Bool
    /// How long all of it is to be kept, where nothing is marked and the author wishes for more than the usual life.
    public var retention: TimeSpan?

    public init(marks: [Mark] = [], key: String? = nil, slot: Int? = nil, isExplicit: Bool = false, isWarmUp: Bool = false, retention: TimeSpan? = nil) {
        self.marks = marks
        self.key = key
        self.slot = slot
        self.isExplicit = isExplicit
        self.isWarmUp = isWarmUp
        self.retention = retention
    }
}
