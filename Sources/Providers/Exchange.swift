import HTTP
import Values
import WorkflowModel

/// One call of a model API, which is one HTTP request, whatever the format: made, then sent by whoever holds the client, then read.
final class Exchange: Sendable {
    let transfer: HTTPTransfer
    let request: ModelRequest
    let endpoint: Endpoint
    let redactor: Redactor
    /// Not the wall clock: it may be set while a call is under way, and machine time is money.
    private let started: ContinuousClock.Instant
    private let gathering: Gathering
    /// Where the pieces go as they come; `nil`: nobody asked for them.
    let pieces: PieceQueue?

    /// - Parameters:
    ///   - redactor: takes secrets out of what a refusal says before anything of it is cut.
    ///   - pieces: takes what the model writes as it comes; `nil`: nobody asked for it.
    /// - Throws: why nothing opens the API.
    static func make(
        _ request: ModelRequest, at endpoint: Endpoint, redactor: Redactor = .none, pieces: PieceQueue? = nil
    ) async throws(StepFailure) -> Exchange {
        if request.sampling.logprobs == true { try checkLogprobs(request, at: endpoint) }
        try endpoint.format.check(endpoint.wire(request))
        let draft = draft(request, at: endpoint)
        guard let credential = endpoint.credential else { return Exchange(draft, opened: [], for: request, at: endpoint, redactor, pieces) }
        let opening = try await credential.headers(for: draft)
        return Exchange(draft, opened: opening, for: request, at: endpoint, redactor, pieces)
    }

    /// An answer without what was asked for would be paid for, and who wants to go by it would learn that afterwards.
    private static func checkLogprobs(_ request: ModelRequest, at endpoint: Endpoint) throws(StepFailure) {
        let (rule, reasoning) = (endpoint.configuration.logprobs(of: endpoint.model, id: endpoint.modelID), request.sampling.reasoning)
        guard rule.support(reasoning: reasoning) == .no, let problem = rule.problem(of: request.model.description, reasoning: reasoning) else { return }
        throw StepFailure(.configuration, problem.message, details: [problem.hint])
    }

    /// The request without what opens the API.
    private static func draft(_ request: ModelRequest, at endpoint: Endpoint) -> HTTPRequest {
        let (wire, format) = (endpoint.wire(request), endpoint.format)
        return HTTPRequest(
            method: "POST", url: EndpointURL.joined(endpoint.baseURL ?? "", format.path(of: wire)), headers: endpoint.headers(of: request), body: format.encode(wire),
            connectTimeout: min(.seconds(10), request.timeout), timeout: request.timeout, maxResponseBytes: format.mostBytes(of: wire.expected))
    }

    /// - Parameter credential: the headers that open the API; they stand behind the format's own.
    private init(
        _ draft: HTTPRequest, opened credential: [(String, String)], for request: ModelRequest, at endpoint: Endpoint, _ redactor: Redactor,
        _ pieces: PieceQueue?
    ) {
        var draft = draft
        if !credential.isEmpty { draft.headers.insert(contentsOf: credential, at: endpoint.format.headers.count) }
        let wire = endpoint.wire(request)
        let gathering = Self.gathering(of: wire, as: endpoint.format, pieces)
        self.request = request
        self.endpoint = endpoint
        self.redactor = redactor
        self.gathering = gathering
        self.pieces = pieces
        let started = ContinuousClock.now
        self.started = started
        // A success is read as it comes, whatever its head calls it; a refusal is collected.
        transfer = HTTPTransfer(draft, onHead: { Self.isSuccess($0.status) ? .stream : .collect }, onData: { gathering.push($0, since: started) })
    }

    private static func gathering(of wire: WireRequest, as format: any WireFormat, _ pieces: PieceQueue?) -> Gathering {
        var expected = format.expected(of: wire)
        expected.recordsPieces = pieces != nil
        return Gathering(format.reader(expected), isStreaming: wire.isStreaming, pieces: pieces)
    }

    static func isSuccess(_ status: Int) -> Bool { (200..<300).contains(status) }

    static func span(since started: ContinuousClock.Instant) -> TimeSpan {
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        return .milliseconds(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    /// What our own delay in taking the answer made longer is not the machine's work.
    var duration: TimeSpan { min(Self.span(since: started), request.timeout) }

    /// Ends the reading. Asked once, after the transfer.
    func gathered(after transport: HTTPError?) -> (answer: WireAnswer, timeToFirstToken: TimeSpan?) {
        gathering.end(after: transport.map(ErrorClassifier.transport))
    }
}

/// What an answer has brought so far, of whatever format.
private final class Gathering: Sendable {
    private struct State {
        var reader: any WireReader
        var timeToFirstToken: TimeSpan?
    }

    private let state: Mutex<State>
    private let isStreaming: Bool
    private let pieces: PieceQueue?

    init(_ reader: any WireReader, isStreaming: Bool, pieces: PieceQueue?) {
        self.isStreaming = isStreaming
        self.pieces = pieces
        state = Mutex(State(reader: reader))
    }

    func push(_ bytes: UnsafeRawBufferPointer, since started: ContinuousClock.Instant) -> StreamDirective {
        state.withLock { state in
            let goesOn = state.reader.push(bytes)
            if isStreaming, state.timeToFirstToken == nil, state.reader.hasBegun { state.timeToFirstToken = Exchange.span(since: started) }
            guard goesOn else { return .stop }
            guard let pieces else { return .continue }
            return pieces.add(state.reader.takePieces(), hasBegun: state.reader.hasBegun) ? .continue : .pause
        }
    }

    func end(after transport: CallFailure?) -> (answer: WireAnswer, timeToFirstToken: TimeSpan?) {
        state.withLock { state in
            state.reader.end(isCut: transport != nil)
            if let pieces { _ = pieces.add(state.reader.takePieces(), hasBegun: state.reader.hasBegun) }
            return (state.reader.told(after: transport), state.timeToFirstToken)
        }
    }
}
