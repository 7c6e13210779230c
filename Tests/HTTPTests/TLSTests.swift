import HTTP
import TestSupport
import Testing
import Values

@Suite(.timeLimit(.minutes(5)))
struct TLSTests {
    /// A self-signed certificate for 127.0.0.1, valid now, or already expired; nil without the `openssl` program.
    private func makeCertificate(in folder: String) -> (key: String, certificate: String)? {
        let key = folder + "/key.pem"
        let certificate = folder + "/certificate.pem"
        let child = ChildProcess([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=agentctl tests",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
        guard let child, child.wait() else { return nil }
        return (key, certificate)
    }

    @Test func certificatesAreVerified() async throws {
        try await withTemporaryFolder { folder in
            guard let pair = makeCertificate(in: folder),
                let server = ChildProcess(["openssl", "s_server", "-accept", "127.0.0.1:0", "-key", pair.key, "-cert", pair.certificate, "-www"])
            else { return }
            defer { server.stop() }
            guard let port = server.readLine(after: "ACCEPT 127.0.0.1:").flatMap(Int.init) else { return }
            let url = "https://127.0.0.1:\(port)/"

            try await withClient { client in
                let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(method: "POST", url: url, body: [1])) }
                #expect(error.code == .certificateRejected)
                #expect(error.curlCode == 60)
                #expect(!error.requestWasSent)
                #expect(error.message.contains("certificate"))
            }
            try await withClient(.fromEnvironment { $0 == "SSL_CERT_FILE" ? pair.certificate : nil }) { client in
                let response = try await client.send(HTTPRequest(url: url))
                #expect(response.status == 200)
                #expect(response.text.contains("s_server"))
                // The name must fit as well.
                let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: "https://localhost:\(port)/")) }
                #expect(error.code == .certificateRejected)
            }
            try await withClient(.fromEnvironment { $0 == "CURL_CA_BUNDLE" ? folder + "/missing.pem" : nil }) { client in
                let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: url)) }
                #expect(error.code == .certificateRejected)
                #expect(error.message.contains("missing.pem"))
            }
        }
    }

    @Test func plainServerBehindHTTPS() async throws {
        let server = RawServer { connection, _ in connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") }
        defer { server.stop() }
        try await withClient { client in
            let error = await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: "https://127.0.0.1:\(server.port)/")) }
            #expect(error.code == .tlsFailed)
            #expect(!error.requestWasSent)
        }
    }

    @Test func http2IsNegotiatedAndShared() async throws {
        try await withTemporaryFolder { folder in
            let script = """
                const fs = require('fs');
                const s = require('http2').createSecureServer({ key: fs.readFileSync(process.argv[1]), cert: fs.readFileSync(process.argv[2]), allowHTTP1: false });
                let sessions = 0;
                s.on('session', () => sessions++);
                s.on('stream', (stream, headers) => {
                  let size = 0;
                  stream.on('data', d => size += d.length);
                  stream.on('error', () => {});
                  stream.on('end', () => {
                    if (headers[':path'] == '/reset') return stream.close(2);
                    setTimeout(() => { if (!stream.destroyed) { stream.respond({ ':status': 200, 'x-size': String(size) }); stream.end(String(sessions)); } }, 20);
                  });
                });
                s.listen(0, '127.0.0.1', () => console.log('port ' + s.address().port));
                """
            guard let pair = makeCertificate(in: folder), let server = ChildProcess(["node", "-e", script, pair.key, pair.certificate]) else { return }
            defer { server.stop() }
            guard let port = server.readLine(after: "port ").flatMap(Int.init) else { return }
            var options = HTTPClientOptions()
            options.caFile = pair.certificate
            try await withClient(options) { client in
                await withTaskGroup(of: HTTPResponse?.self) { group in
                    for index in 0..<50 {
                        group.addTask {
                            let body = [UInt8](repeating: 0x61, count: index * 4_000)
                            return try? await client.send(HTTPRequest(method: "POST", url: "https://127.0.0.1:\(port)/\(index)", body: body))
                        }
                    }
                    for await response in group {
                        #expect(response?.status == 200)
                        #expect(response?.httpVersion == "2")
                        // All on one connection.
                        #expect(response?.text == "1")
                    }
                }
                let error = await failure { () async throws(HTTPError) in
                    try await client.send(HTTPRequest(method: "POST", url: "https://127.0.0.1:\(port)/reset", body: [1]))
                }
                #expect(error.code == .connectionLost)
                #expect(error.requestWasSent)
                // A cancelled stream leaves the connection to the others.
                let task = Task { await failure { () async throws(HTTPError) in try await client.send(HTTPRequest(url: "https://127.0.0.1:\(port)/slow")) } }
                task.cancel()
                #expect(await task.value.code == .cancelled)
                let answer = try await client.send(HTTPRequest(url: "https://127.0.0.1:\(port)/again"))
                #expect(answer.text == "1")
            }
        }
    }
}
