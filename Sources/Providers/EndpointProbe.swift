import HTTP
import Values
import WorkflowModel

/// Asks an address for its list of models, which costs nothing: is it there, does it take the key, what time has it?
public enum EndpointProbe {
    public enum Answer: Sendable {
        /// `lead`: by how much its clock is ahead of ours; to the second, as the header is.
        case status(Int, after: TimeSpan, lead: TimeSpan?)
        case failed(HTTPError)
    }

    /// - Parameters:
    ///   - key: as it was read.
    ///   - timeout: for all of it.
    public static func ask(
        _ baseURL: String, of configuration: ProviderConfiguration, key: String?, http: HTTPClient, timeout: TimeSpan
    ) async -> Answer {
        let format = configuration.api.format(Dialect(configuration.dialect))
        var headers = format.headers.filter { $0.0 != "Content-Type" }
        if let key { headers.append(format.header(ofKey: key.trimmedKey)) }
        headers += configuration.headers.map { ($0.key, $0.value) }
        let url = EndpointURL.joined(baseURL, "/models")
        let began = Timestamp.now()
        do throws(HTTPError) {
            let response = try await http.send(HTTPRequest(url: url, headers: headers, connectTimeout: timeout, timeout: timeout))
            let ended = Timestamp.now()
            let lead = response.headers["date"].flatMap(ErrorClassifier.httpDate).map { $0.since(ended) }
            return .status(response.status, after: ended.since(began), lead: lead)
        } catch {
            return .failed(error)
        }
    }
}
