import Economics
import HTTP
import Values
import WorkflowModel

extension ProviderRegistry {
    public func count(_ request: ModelRequest) async -> TokenCountResult {
        let started = ContinuousClock.now
        let found: (Endpoint, any TokenCounter, Reservation.Basis)
        do throws(StepFailure) { found = try counting(request) } catch {
            return TokenCountResult(.failure(CallFailure(error.kind, error.message)), total: .milliseconds(0))
        }
        let (endpoint, counter, basis) = found
        let wire = endpoint.wire(request)
        var question = counter.question(wire)
        var status: Int?
        func told(_ outcome: Result<TokenCount, CallFailure>) -> TokenCountResult {
            TokenCountResult(outcome, httpStatus: status, total: Exchange.span(since: started))
        }
        // A second answer that asks for a third is none.
        for _ in 0..<2 {
            let left = TimeSpan.milliseconds(max(1, request.timeout.milliseconds - Exchange.span(since: started).milliseconds))
            let answered = await ask(question, request, at: endpoint, within: left)
            status = answered.status ?? status
            switch answered.document {
            case .failure(let failure): return told(.failure(failure))
            case .success(let document):
                switch counter.read(document, to: question) {
                case .tokens(let tokens)?: return told(.success(TokenCount(tokens: tokens, basis: basis)))
                case .ask(let next)?: question = next
                case nil: return told(.failure(nothing(at: question, endpoint)))
                }
            }
        }
        return told(.failure(nothing(at: question, endpoint)))
    }

    private func counting(_ request: ModelRequest) throws(StepFailure) -> (Endpoint, any TokenCounter, Reservation.Basis) {
        let endpoint = try endpoint(of: request.model)
        let wire = endpoint.wire(request)
        guard let counter = endpoint.counter else {
            throw StepFailure(.configuration, "\(request.model) has no way to count tokens: dialect: { count_tokens: … } in the provider's entry names one")
        }
        guard let basis = counter.basis(of: wire) else {
            throw StepFailure(.configuration, "\(request.model): the way in which its tokens are counted takes text only")
        }
        return (endpoint, counter, basis)
    }

    private func nothing(at question: CountQuestion, _ endpoint: Endpoint) -> CallFailure {
        CallFailure(
            .malformedResponse,
            "\(endpoint.configuration.name)/\(endpoint.modelID): what \(question.path) answered has no count of tokens; dialect: { count_tokens: none } does not ask")
    }

    /// Of a header that has a scheme before it.
    private static func key(in value: String) -> String {
        let scheme = "Bearer "
        return value.startsWithBytes(of: scheme) ? String(value.dropFirst(scheme.count)) : value
    }

    private func ask(
        _ question: CountQuestion, _ request: ModelRequest, at endpoint: Endpoint, within timeout: TimeSpan
    ) async -> (document: Result<JSONValue, CallFailure>, status: Int?) {
        let base = endpoint.baseURL ?? ""
        var draft = HTTPRequest(
            method: "POST", url: EndpointURL.joined(question.place.address(in: base), question.path),
            headers: endpoint.headers(of: request), body: question.body, connectTimeout: min(.seconds(10), timeout), timeout: timeout,
            // A number of a token takes eight bytes in a list and stands for one of the text at least; a byte of a text takes six at most.
            maxResponseBytes: question.body.count * 12 + (1 << 16))
        if let credential = endpoint.credential {
            var opening: [(String, String)]
            do throws(StepFailure) { opening = try await credential.headers(for: draft) } catch {
                return (.failure(CallFailure(error.kind, error.message)), nil)
            }
            if let name = question.keyHeader { opening = opening.map { (name, Self.key(in: $0.1)) } }
            draft.headers.insert(contentsOf: opening, at: endpoint.format.headers.count)
        }
        let transfer = HTTPTransfer(draft)
        await http.perform(transfer)
        switch transfer.result {
        case .failure(let error)?: return (.failure(Exchange.explained(ErrorClassifier.transport(error), at: endpoint, secrets.redactor)), error.head?.status)
        case .success(let response)? where !Exchange.isSuccess(response.status):
            let (failure, _) = endpoint.format.classify(status: response.status, headers: response.headers, body: secrets.redactor.redact(response.body))
            return (.failure(Exchange.explained(failure, at: endpoint, secrets.redactor)), response.status)
        case .success(let response)?:
            // What stands beside an error is no count.
            guard let document = try? JSONParser.parse(response.body), document["error"].map(\.isNull) ?? true else { return (.failure(nothing(at: question, endpoint)), response.status) }
            return (.success(document), response.status)
        case nil: preconditionFailure("the transfer was not performed")
        }
    }
}

extension CountQuestion.Place {
    /// - Parameter base: the provider's `base_url`.
    fileprivate func address(in base: String) -> String {
        switch self {
        case .api: base
        case .root: EndpointURL.root(of: base)
        case .besideOpenAI: EndpointURL.without("/openai", base)
        }
    }
}
