import Economics
import Values
import WorkflowModel

/// What the engine works with. Everything that touches the world comes in here.
public struct EngineEnvironment: Sendable {
    public var journal: any RunJournal
    public var provider: any ModelProvider
    public var tools: any ToolRunner
    /// `nil`: nothing can be attached.
    public var attachments: (any AttachmentSource)?
    /// `nil`: nothing is remembered.
    public var memory: (any AnswerMemory)?
    /// What earlier runs tell; `nil`: nothing is known of them.
    public var history: (any RunHistory)?
    public var prices: PriceBook
    public var clock: any EngineClock
    public var entropy: any EntropySource
    /// Where the engine's tasks run; `nil`: Swift's own pool.
    public var executor: (any TaskExecutor)?
    /// Calls in flight in this process, over all runs.
    public var maxConcurrentCalls: Int
    /// Programs of `run` steps that work at once in this process, over all runs.
    public var maxConcurrentPrograms: Int
    /// Recorded with each run.
    public var program: String
    /// Where the workflows' files come from; recorded with each run.
    public var origin = RunOrigin()
    /// What calls in flight get to end by themselves after a first interrupt.
    public var grace: TimeSpan
    /// How often it is looked for what other processes ask of the runs of this one; `nil`: never.
    public var requestInterval: TimeSpan?
    /// The most bytes of JSON that one value may have: more would not fit the processes that make and read it.
    public var mostValueBytes = 2 << 30
    /// What is in no prompt that is sent, and in nothing that is stored.
    public var secrets: SecretBook
    /// Answers for the world from a record; `nil`: the world is asked.
    var replay: ReplayConductor?

    public init(
        journal: any RunJournal, provider: any ModelProvider, tools: any ToolRunner, prices: PriceBook, clock: any EngineClock,
        entropy: any EntropySource = SystemEntropy(), executor: (any TaskExecutor)? = nil, maxConcurrentCalls: Int = 20_000,
        maxConcurrentPrograms: Int = 20_000, program: String, grace: TimeSpan = .seconds(10), requestInterval: TimeSpan? = nil, attachments: (any AttachmentSource)? = nil,
        memory: (any AnswerMemory)? = nil, history: (any RunHistory)? = nil, secrets: SecretBook = SecretBook()
    ) {
        self.journal = journal
        self.provider = provider
        self.tools = tools
        self.prices = prices
        self.clock = clock
        self.entropy = entropy
        self.executor = executor
        self.maxConcurrentCalls = maxConcurrentCalls
        self.maxConcurrentPrograms = maxConcurrentPrograms
        self.program = program
        self.grace = grace
        self.requestInterval = requestInterval
        self.attachments = attachments
        self.memory = memory
        self.history = history
        self.secrets = secrets
    }
}
