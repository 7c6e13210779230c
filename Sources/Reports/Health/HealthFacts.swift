import Values

/// What `doctor` found out about its surroundings. Gathered by the program, judged by the checks; it holds no secret.
public struct HealthFacts: Sendable {
    public enum ProjectFile: Sendable {
        /// None from this folder upward.
        /// - Parameter unread: files there that look like one and are not read.
        case absent(searchedFrom: String, unread: [String] = [])
        case valid(file: String, providers: Int)
        /// The problems with their places, each in one line.
        case invalid(problems: [(message: String, hint: String?)])
    }

    public struct Provider: Sendable {
        public enum Key: Sendable {
            /// The entry names none.
            case notNeeded
            /// Where it was found: `GROQ_API_KEY`, `a command`.
            case present(source: String)
            /// It would take a program to read it, and nothing is asked.
            case notRead(source: String)
            case missing(message: String, hint: String?)
        }

        public var name: String
        public var key: Key
        /// How many of its calls may be in flight, where its entry says so.
        public var maxConcurrency: Int?
        public var endpoints: [Endpoint]
        public var servers: [Server]

        public init(name: String, key: Key, maxConcurrency: Int? = nil, endpoints: [Endpoint], servers: [Server]) {
            self.name = name
            self.key = key
            self.maxConcurrency = maxConcurrency
            self.endpoints = endpoints
            self.servers = servers
        }
    }

    /// An address of a provider, and what it said to `GET …/models`.
    public struct Endpoint: Sendable {
        public enum Answer: Sendable {
            case notAsked
            /// `lead`: by how much the server's clock is ahead of ours, where it told its time.
            case status(Int, after: TimeSpan, lead: TimeSpan?)
            case failed(message: String)
        }

        public var url: String
        public var answer: Answer

        public init(url: String, answer: Answer) {
            self.url = url
            self.answer = answer
        }
    }

    /// The program of model servers that agentctl starts by itself, and the models that it serves.
    public struct Server: Sendable {
        public var models: [String]
        public var program: String
        public var isFound: Bool

        public init(models: [String], program: String, isFound: Bool) {
            self.models = models
            self.program = program
            self.isFound = isFound
        }
    }

    public struct LedgerFile: Sendable {
        public enum State: Sendable {
            /// The first run makes it.
            case absent(canBeMade: Bool)
            /// `schema` is 0 for an empty file. `faults` is what SQLite's quick check found.
            case open(schema: Int, current: Int, isWritable: Bool, faults: [String])
            case unusable(message: String)
        }

        public var path: String
        public var state: State
        /// Free for this user where the ledger is, in bytes; `nil` when the system does not tell.
        public var freeBytes: Int64?
        public var bytes: Int64?

        public init(path: String, state: State, freeBytes: Int64?, bytes: Int64?) {
            self.path = path
            self.state = state
            self.freeBytes = freeBytes
            self.bytes = bytes
        }
    }

    public struct Machine: Sendable {
        /// Open files: what the process starts with, and what it may raise that to; it does so by itself.
        public var openFiles: (soft: UInt64, hard: UInt64)
        public var cores: Int
        /// In bytes.
        public var memory: UInt64

        public init(openFiles: (soft: UInt64, hard: UInt64), cores: Int, memory: UInt64) {
            self.openFiles = openFiles
            self.cores = cores
            self.memory = memory
        }
    }

    /// The certificates that servers are checked by.
    public struct Certificates: Sendable {
        public enum State: Sendable {
            case file(count: Int)
            case folder
            case unreadable
        }

        /// `nil` where libcurl was built without a place for them.
        public var path: String?
        /// The variable that names it; `nil` for libcurl's own choice.
        public var variable: String?
        public var state: State

        public init(path: String?, variable: String?, state: State) {
            self.path = path
            self.variable = variable
            self.state = state
        }
    }

    public var project: ProjectFile
    public var providers: [Provider]
    public var ledger: LedgerFile
    public var now: Timestamp
    public var machine: Machine
    public var certificates: Certificates
    /// Name and version, in the order shown; without a version it is not there.
    public var libraries: [(name: String, version: String?)]

    public init(
        project: ProjectFile, providers: [Provider], ledger: LedgerFile, now: Timestamp, machine: Machine, certificates: Certificates,
        libraries: [(name: String, version: String?)]
    ) {
        self.project = project
        self.providers = providers
        self.ledger = ledger
        self.now = now
        self.machine = machine
        self.certificates = certificates
        self.libraries = libraries
    }
}
