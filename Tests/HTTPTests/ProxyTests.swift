import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct ProxyTests {
    @Test func plainRequestsGoThroughTheProxy() async throws {
        let proxy = try StubModelServer()
        defer { proxy.stop() }
        let direct = try StubModelServer()
        defer { direct.stop() }
        let options = HTTPClientOptions.fromEnvironment {
            ["http_proxy": proxy.rootURL, "no_proxy": "127.0.0.1,other.invalid"][$0]
        }
        try await withClient(options) { client in
            var request = completion(proxy)
            request.url = "http://models.invalid/v1/chat/completions"
            let response = try await client.send(request)
            #expect(response.status == 200)
            #expect(proxy.requests.first?.target == request.url)
            #expect(proxy.requests.first?.header("host") == "models.invalid")
            _ = try await client.send(completion(direct))
            #expect(proxy.requestCount == 1)
            #expect(direct.requestCount == 1)
        }
    }

    @Test func refusedTunnelSendsNothing() async throws {
        let proxy = try StubModelServer()
        defer { proxy.stop() }
        try await withClient(.fromEnvironment { $0 == "HTTPS_PROXY" ? proxy.rootURL : nil }) { client in
            let error = await failure { () async throws(HTTPError) in
                try await client.send(HTTPRequest(method: "POST", url: "https://models.invalid/v1/chat/completions", body: [1]))
            }
            #expect(error.code == .proxyFailed)
            #expect(!error.requestWasSent)
            #expect(error.message.contains("403"))
            #expect(proxy.requests.map(\.method) == ["CONNECT"])
        }
    }

    @Test func proxyWhoseNameIsUnknown() async throws {
        // Too long a label for any name server to be asked.
        let host = String(repeating: "a", count: 64) + ".invalid"
        try await withClient(.fromEnvironment { $0 == "all_proxy" ? "http://\(host):3128" : nil }) { client in
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: "http://models.invalid/")) }
            #expect(error.code == .proxyFailed)
            #expect(!error.requestWasSent)
        }
    }

    @Test func variablesAreReadAsCurlReadsThem() {
        let all = [
            "HTTP_PROXY": "a", "http_proxy": "b", "https_proxy": "c", "HTTPS_PROXY": "d", "ALL_PROXY": "e", "NO_PROXY": "f",
            "SSL_CERT_FILE": "g", "CURL_CA_BUNDLE": "h", "SSL_CERT_DIR": "i",
        ]
        let options = HTTPClientOptions.fromEnvironment { all[$0] }
        #expect(options.httpProxy == "b")
        #expect(options.httpsProxy == "c")
        #expect(options.noProxy == "f")
        #expect(options.caFile == "h")
        #expect(options.caDirectory == "i")
        // A CGI server sets HTTP_PROXY from a request header.
        #expect(HTTPClientOptions.fromEnvironment { $0 == "HTTP_PROXY" ? "a" : nil }.httpProxy == nil)
        #expect(HTTPClientOptions.fromEnvironment { $0 == "ALL_PROXY" ? "e" : nil }.httpsProxy == "e")
        #expect(HTTPClientOptions.fromEnvironment { _ in "" }.httpProxy == nil)
    }
}
