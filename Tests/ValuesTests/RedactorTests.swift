import Testing
import Values

/// A6: a secret is found however it is written, and a part of it where texts are cut.
@Suite struct RedactorTests {
    private static let key = "sk-Zq7+x/9=\"aß\\4e1c0de2b6"
    private let redactor = Redactor([Secret(name: "the key of a", value: Self.key), Secret(name: "the header x of b", value: "0123456789abcdef0123")])

    private static func base64(_ text: String) -> String {
        var bytes: [UInt8] = []
        Base64.write(Array(text.utf8), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func percent(_ text: String, _ isKept: (UInt8) -> Bool) -> String {
        text.utf8.map { isKept($0) ? String(Unicode.Scalar($0)) : "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func hexadecimal(_ text: String) -> String { text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    private static let forms: [String] = [
        key, percent(key) { _ in false }, percent(key) { $0 < 0x80 && $0 != 0x2F }.replacing("%2f", with: "%2F").replacing("%c3%9f", with: "%C3%9F"),
        JSONValue.string(key).jsonText, JSONValue.string(JSONValue.string(key).jsonText).jsonText,
        key.unicodeScalars.map { "\\u" + String(repeating: "0", count: 4 - String($0.value, radix: 16).count) + String($0.value, radix: 16) }.joined(),
        base64(key), base64("u:" + key), base64("us:" + key), base64("use:" + key + "!"), base64("Bearer " + key + "\n"),
        base64(key).replacing("+", with: "-").replacing("/", with: "_"), percent(base64("x" + key)) { $0 != 0x2B && $0 != 0x2F && $0 != 0x3D },
        hexadecimal(key), hexadecimal(key).uppercased(),
    ]

    @Test(arguments: forms) func itIsTakenOutInEveryForm(form: String) {
        for text in ["\(form)", "before \(form) behind", "{\"a\": \"\(form)\"}", "\(form)\(form)"] {
            let clean = redactor.redact(text)
            #expect(clean.contains("***") && !Self.isLeft(in: clean), "\(text) became \(clean)")
            #expect(redactor.secret(in: text) == "the key of a", "\(text)")
        }
    }

    /// Any ten characters of any form.
    private static func isLeft(in text: String) -> Bool {
        forms.contains { form in
            let characters = Array(form.utf8)
            guard characters.count > 12 else { return false }
            return (0...(characters.count - 12)).contains { start in
                let piece = String(decoding: characters[start..<(start + 12)], as: UTF8.self)
                return text.contains(piece)
            }
        }
    }

    @Test func whatSurroundsItStays() {
        #expect(redactor.redact("wrong key \(Self.key), see https://x/?q=1") == "wrong key ***, see https://x/?q=1")
        #expect(redactor.redact(#"{"m":"\#(Self.key.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))","n":"a\nb"}"#) == #"{"m":"***","n":"a\nb"}"#)
        #expect(redactor.redact("100 % of C:\\temp\\new are %41 fine") == "100 % of C:\\temp\\new are %41 fine")
        #expect(redactor.redact(Array("x0123456789abcdef0123y".utf8)) == Array("x***y".utf8))
    }

    /// Cut at any byte, what is left of it has fewer than eight bytes.
    @Test func aPartIsTakenOutWhereATextIsCut() {
        let secret = "0123456789abcdef0123"
        for count in 8...secret.utf8.count {
            #expect(redactor.redact("the key " + secret.prefix(count)) == "the key ***")
            #expect(redactor.redact("the key " + secret.prefix(count) + "… and more") == "the key ***… and more")
            #expect(redactor.redact("the key " + secret.prefix(count) + "...") == "the key ***...")
            #expect(redactor.redact("{\"m\":\"" + secret.prefix(count) + "\"}") == "{\"m\":\"***\"}")
            #expect(redactor.redact(secret.suffix(count) + " was the key") == "*** was the key")
            #expect(redactor.redact("…" + secret.suffix(count) + " was the key") == "…*** was the key")
        }
        // Where nothing says that it is cut, a longer part counts.
        #expect(redactor.redact("a 0123456789abcdef b") == "a *** b")
        #expect(redactor.redact("a 0123456789 b") == "a 0123456789 b")
        #expect(redactor.secret(in: "a 0123456789abcdef b") == "the header x of b" && redactor.secret(in: "a 0123456789abcde b") == nil)
    }

    /// A6: sixteen bytes of any place of a long secret are the secret, wherever they stand.
    @Test func theMiddleOfALongSecret() {
        let secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
        let redactor = Redactor([Secret(name: "k", value: secret)])
        let bytes = Array(secret.utf8)
        // Its header is that of all tokens of its kind.
        let header = secret.utf8.firstIndex(of: UInt8(ascii: "."))!.utf16Offset(in: secret) + 1
        for start in header...(bytes.count - 16) {
            let text = "a " + String(decoding: bytes[start..<(start + 16)], as: UTF8.self) + " b"
            #expect(redactor.redact(text) == "a *** b" && redactor.secret(in: text) == "k", "\(text)")
        }
        #expect(redactor.redact("payload \(secret.split(separator: ".")[1]) here") == "payload *** here")
    }

    /// A6: `fold`, `base64` and files of keys break lines.
    @Test(arguments: [20, 40, 64, 76]) func wrappedOnes(width: Int) {
        let secret = """
            -----BEGIN KEY-----
            emNy9TLICzlHcujWNhbDhiYVnlvLrxfWf8jLmAlnY02k35UdnhFKF7j8rSZI0Z4j
            Xt3pZpMHdjePqWl6DFtKkpCpkpT0JlY4lRgwUqBuF6VuulM4a2aOHHHVTF+fpEPl
            0Z9Ze40+Ec14f2b/YEEggfad1hSpGoOzF/xL3aVrl8o1biry/JjYFyQiHV78zxbA
            bUBgOywcGZUq84DKEO+gRFuKBmsJK6wanxd+zMJOu314IZm92PVvUWTp/rhAVAnP
            """
        let redactor = Redactor([Secret(name: "k", value: secret)])
        #expect(redactor.redact("line " + secret.split(separator: "\n")[3] + " of it") == "line *** of it")
        for text in [secret, Self.base64(secret)] {
            let bytes = Array(text.utf8)
            let lines = stride(from: 0, to: bytes.count, by: width).map { String(decoding: bytes[$0..<min($0 + width, bytes.count)], as: UTF8.self) }
            let wrapped = lines.joined(separator: "\n")
            #expect(redactor.secret(in: wrapped) == "k")
            let clean = redactor.redact(wrapped)
            // The first line is that of all files of keys.
            #expect(lines.dropFirst(width == 20 ? 1 : 0).allSatisfy { $0.utf8.count < 16 || !clean.contains($0) }, "\(clean)")
        }
    }

    /// A6: a document stays a document.
    @Test func numbersThatAreSecrets() {
        let redactor = Redactor([Secret(name: "k", value: "90817263548"), Secret(name: "l", value: "123456789012345678901234")])
        let document: JSONValue = ["a": 90_817_263_548, "b": [1, 2.5, .bigInt("123456789012345678901234")], "c": 1_234_567_890]
        #expect(redactor.redact(document) == ["a": "***", "b": [1, 2.5, "***"], "c": 1_234_567_890])
    }

    /// A6: what others have as well is no part of a secret, and the whole of it is.
    @Test(arguments: [
        ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvdXJzZWx2ZXMtMTIzNCJ9.c2lnbmF0dXJl", "Explain eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyIjoiZXhhbXBsZSJ9.c2ln"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----", "What do -----BEGIN PRIVATE KEY----- and \"-----END PRIVATE KEY-----\" mean?"),
        ("https://hooks.slack.com/services/T0001/B0002/abcdefghijkl", "How do I use \"https://hooks.slack.com/\" ?"), ("https://hooks.slack.com/services/T0001/B0002/abcdefghijkl", "see \"https://\""),
        ("postgres://app:pw12345678@db.internal/prod", #"{"database": "postgres"}"#), ("password-of-the-team-2", #"the "password" field"#),
        ("sk-proj-AbCdEf0123456789AbCdEf", #"{"prefix": "sk-proj-", "doc": "sk-proj-..."}"#), ("Bearer AbCdEf0123456789AbCdEf", #"say "Bearer ""#),
        ("sk-ant-api03-AbCdEf0123456789AbCdEf", #"{"prefix": "sk-ant-api03-"}"#),
    ]) func whatIsNobodysOwn(secret: String, text: String) {
        let redactor = Redactor([Secret(name: "k", value: secret)])
        #expect(redactor.redact(text) == text && redactor.secret(in: text) == nil, "\(redactor.redact(text))")
        for form in [secret, Self.base64(secret), Self.base64("u:" + secret)] {
            #expect(redactor.secret(in: "a \(form) b") == "k")
            #expect(redactor.redact("a \(secret) b") == "a *** b")
        }
        // Of a part only what is its own is taken out.
        let own = secret.suffix(secret.contains("-----END") ? 50 : 12).prefix(8)
        let clean = redactor.redact("cut: " + secret.prefix(secret.utf8.count - 1))
        #expect(clean.contains("***") && !clean.contains(own), "\(clean)")
    }

    /// A6: each part that opens something by itself is a secret.
    @Test(arguments: [
        ("key-one-1234,key-two-5678", "key-two-5678"), ("theme=dark; session=s3ssi0nvalue1", "s3ssi0nvalue1"), ("Bearer abcdef0123456789x", "abcdef0123456789x"),
        ("postgres://app:pw12345678@db.internal/prod", "pw12345678"), ("https://u:p%40ss-word-1@h/", "p@ss-word-1"),
    ]) func partsOfOne(value: String, part: String) {
        let book = SecretBook([Secret(name: "k", value: value)])
        #expect(book.redactor.redact("say \(part) now") == "say *** now")
    }

    @Test func aSentenceOrADocumentHasNoParts() {
        let book = SecretBook([Secret(name: "k", value: "correct horse battery staple"), Secret(name: "j", value: #"{"type": "service_account", "private_key_id": "0123456789abcdef"}"#)])
        #expect(book.secrets.count == 2 && book.redactor.redact("a service_account with a battery staple") == "a service_account with a battery staple")
    }

    @Test func everyPlaceOfALongTextIsLookedAt() {
        for lead in 0..<64 {
            let text = String(repeating: "a", count: lead) + "0123456789abcdef0123" + String(repeating: "b", count: 64 - lead)
            #expect(redactor.secret(in: text) == "the header x of b")
            #expect(redactor.redact(text) == String(repeating: "a", count: lead) + "***" + String(repeating: "b", count: 64 - lead))
        }
    }

    @Test func documentsAreClearedInNamesAndValues() {
        var document: JSONObject = ["a": [.string(Self.key), 1, nil], "n": 2.5]
        document[Self.key] = true
        #expect(redactor.redact(.object(document)) == ["a": ["***", 1, nil], "n": 2.5, "***": true])
        #expect(redactor.redact(["a": 1] as JSONValue) == ["a": 1])
    }

    @Test func shortOnesAndNothingChangeNothing() {
        #expect(Redactor.none.redact("text") == "text" && Redactor.none.isEmpty)
        let short = Redactor([Secret(name: "s", value: "1234567"), Secret(name: "e", value: "")])
        #expect(short.isEmpty && short.redact("1234567") == "1234567")
    }

    @Test func aBookLearnsWhileItIsUsed() {
        let book = SecretBook()
        #expect(book.redactor.redact("0123456789abcdef") == "0123456789abcdef")
        book.add([Secret(name: "k", value: "0123456789abcdef"), Secret(name: "short", value: "x")])
        #expect(book.redactor.redact("0123456789abcdef") == "***")
        #expect(book.secrets.map(\.name) == ["k"])
    }
}

/// A6: what is a key by its look, and what is a label.
@Suite struct PublicNamesTests {
    @Test(arguments: [
        "production", "Acme Corporation", "agentctl", "qwen2.5-coder-0.5b", "20261130", "team=support,env=production", "https://example.com/support/team", "customer.support@example.com", "v1.2.3-beta.4",
        "MyCompanyProductName", "eu-west-1", "my_service", "gpt-4o-mini", "cl100k_base", "acme-web-2", "alice2@example.com", "build-2026", "2024-06-01", "claude-3-5-sonnet-20241022", "https://example.com/app2",
        "engineering", "PRODUCTION", "production_of_a_thing", "gpt-4o-mini-2024-07-18", "service2024", "us-central1-docker", "llama3instruct",
    ]) func labels(value: String) {
        #expect(PublicNames.secrets(header: "x-env", value: value).isEmpty && !PublicNames.isSecret(parameter: "tenant", value: value), "\(value)")
        // A name that says what it is decides.
        #expect(PublicNames.secrets(header: "x-api-key", value: value).contains(value))
    }

    @Test(arguments: [
        "hdrCanary0x7Vb31Nn", "3f2b8c1e-9d4a-4f6b-8a2e-1c3d5e7f9a0b", "sk-proj-4ea1c0de9f", "4bf92f3577b34da6a3ce929d0e0e4736", "Abc12345Xyz", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "cny-hdr-1029384756",
        "header-secret-1", "1731234567890123", "s3ssi0nvalue1", "key-two-5678", "AKIAIOSFODNN7EXAMPLE12",
    ]) func keys(value: String) {
        #expect(PublicNames.secrets(header: "x-env", value: value) == [value] && PublicNames.isSecret(parameter: "tenant", value: value), "\(value)")
        #expect(PublicNames.secrets(header: "x-team", value: value).isEmpty)
    }

    /// A6: whole words of a name count.
    @Test(arguments: [
        ("x-api-key", true), ("apiKey", true), ("apikey", true), ("X-AuthToken", true), ("authorization", true), ("Proxy-Authorization", true), ("--api-key", true), ("access_token", true), ("'sig'", true),
        ("Ocp-Apim-Subscription-Key", true), ("set-cookie", true), ("X-Author", false), ("X-Keyspace", false), ("x-tokenizer", false), ("X-Key-Version", false), ("max_tokens_field", false), ("keyword", false), ("x-monkey", false),
        ("image_tokens", false), ("x-api-key-name", false), ("authority", false),
    ]) func namesThatOpenSomething(name: String, expected: Bool) {
        #expect(PublicNames.isCredential(name) == expected)
    }

    /// A6: the password inside of what goes with a request.
    @Test func theParts() {
        func base64(_ text: String) -> String {
            var bytes: [UInt8] = []
            Base64.write(Array(text.utf8), to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
        let found = PublicNames.secrets(header: "Authorization", value: "Basic " + base64("user:hunter2secret"))
        #expect(found.contains("hunter2secret") && !found.contains("user"))
        #expect(PublicNames.secrets(header: "Authorization", value: "Basic " + base64("sk-4ea1c0de9f8877665544:x")).contains("sk-4ea1c0de9f8877665544"))
    }

    @Test func schemes() {
        #expect(PublicNames.secrets(header: "Authorization", value: "Bearer words") == ["Bearer words", "words"])
        #expect(PublicNames.secrets(header: "x-forwarded", value: "BASIC dTpwYXNz") == ["dTpwYXNz"])
        #expect(PublicNames.secrets(header: "authorization", value: "Splunk 4bf92f3577b34da6") == ["Splunk 4bf92f3577b34da6", "4bf92f3577b34da6"])
        #expect(PublicNames.secrets(header: "authorization", value: "Bearer none").isEmpty && PublicNames.secrets(header: "x-api-key", value: "ollama").isEmpty)
    }
}

@Suite struct URLPartsTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080/v1", true), ("http://localhost", true), ("http://LOCALHOST:1/", true), ("http://[::1]:8/v1", true), ("http://127.9.9.9/v1?x=1", true),
        ("http://127.0.0.1@evil.example/v1", false), ("http://localhost:pw@evil.example", false), ("http://127.0.0.1.evil.example", false),
        ("http://localhost.example.com/", false), ("http://10.0.0.1/", false), ("http://[::2]/", false), ("http://localhost:80x/", false), ("http://127.0.0.256/", false),
    ]) func onlyThisMachineIsLoopback(url: String, isLoopback: Bool) throws {
        let parts = try #require(URLParts(url))
        #expect(parts.isLoopback == isLoopback && parts.isClearText == !isLoopback)
    }

    /// A6: a key has no name everywhere.
    @Test(arguments: [
        ("http://sk-4ea1c0de9f8877665544:@h/", ["sk-4ea1c0de9f8877665544"]), ("http://sk-4ea1c0de9f8877665544:x-oauth-basic@h/", ["sk-4ea1c0de9f8877665544"]),
        ("http://h/v1?sk-4ea1c0de9f8877665544", ["sk-4ea1c0de9f8877665544"]), ("http://h/sk-4ea1c0de9f8877665544/v1", ["sk-4ea1c0de9f8877665544"]),
        ("http://h/3f2b8c1e-9d4a-4f6b-8a2e-1c3d5e7f9a0b/v1", ["3f2b8c1e-9d4a-4f6b-8a2e-1c3d5e7f9a0b"]),
        ("http://h/openai/deployments/gpt-4o-mini-2024-07-18/chat", []), ("http://h/v1?engine=gpt-4o-mini&label=build-2026&debug", []), ("http://me:password12@h/", ["password12"]),
        ("http://h/v1beta1/projects/my-team-project/locations/us-central1", []),
    ]) func keysWithoutAName(url: String, expected: [String]) throws {
        #expect(try #require(URLParts(url)).credentials.map(\.value) == expected)
    }

    @Test func whatOpensSomethingIsNotShown() throws {
        let url = "https://me:pa%40ss@h.example:8/v1?api-version=2024-10-21&api_key=abc&sig=d%2Be#f"
        #expect(URLParts.shown(url) == "https://***@h.example:8/v1?api-version=2024-10-21&api_key=***&sig=***")
        let found = try #require(URLParts(url)).credentials
        #expect(found.map(\.what) == ["the password", "'api_key'", "'sig'"] && found.map(\.value) == ["pa%40ss", "abc", "d%2Be"])
        #expect(URLParts.shown("https://h.example/v1") == "https://h.example/v1" && URLParts.shown("no address") == "no address")
        #expect(URLParts.shown("https://h.example/4bf92f3577b34da6a3ce/v1?sk-4ea1c0de9f8877665544&v=1#f") == "https://h.example/***/v1?***&v=1#f")
        #expect(URLParts.shown("https://h.example/deployments/gpt-4o-mini-2024-07-18?plain") == "https://h.example/deployments/gpt-4o-mini-2024-07-18?plain")
        #expect(URLParts("https://token@h/")?.credentials.map(\.value) == ["token"] && URLParts("x") == nil)
    }
}
