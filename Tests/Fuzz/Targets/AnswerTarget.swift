import Economics
import Providers
import Values
import WorkflowModel

/// Bodies of answers of each API: right ones, cut, in pieces, with everything between their lines that servers put there, and with errors at any
/// place. Beside the body stands what it was made of.
///
/// What has to hold: an answer is whole if its end was announced, and then its text is all of it; otherwise there is the server's own
/// error, or a failure of its own, with the beginning of the text; counts are final only of what is whole; and pieces of any size come to
/// the same.
struct AnswerTarget: FuzzTarget {
    let name = "answer"

    private static let error = "the server is out of everything"
    private static let bound = 4096

    /// Whose answers they are.
    private enum API: String, CaseIterable { case chat, messages, responses }

    // MARK: Making

    func input(_ random: inout FuzzRandom, _ corpus: Corpus) -> FuzzInput {
        let answer = Answer(&random)
        var truth: JSONObject = ["api": .string(answer.api.rawValue), "text": .string(answer.text), "step": .int(Int64(random.pick([1, 2, 3, 7, 64, 4096])))]
        var body: [UInt8]
        if random.chance(oneIn: 4) {
            body = answer.document
            truth["form"] = "document"
        } else {
            let (bytes, end) = answer.stream(&random, disturbances: random.pick([0, 1, 2, 5]), errors: random.chance(oneIn: 3) ? 1 : 0, &truth)
            body = bytes
            truth["form"] = "stream"
            truth["announced_at"] = .int(Int64(end))
        }
        if random.chance(oneIn: 3) {
            // Also behind its last byte.
            let lost = random.below(body.count + 1)
            body.removeLast(lost)
            truth["cut"] = true
            truth["lost"] = .int(Int64(lost))
        } else if random.chance(oneIn: 8) {
            // Nothing is promised of these, but an end to it.
            Mutator.mutate(&body, &random, besides: [answer.document, body])
            truth = ["api": truth["api"]!, "step": truth["step"]!, "form": "broken"]
        }
        var input = FuzzInput("body", body)
        input.add("truth.json", JSONValue.object(truth).jsonText)
        return input
    }

    /// An answer and the ways to send it.
    private struct Answer {
        let api: API
        let pieces: [String]
        let usage: String?
        let finish: String?
        let hasDone: Bool

        init(_ random: inout FuzzRandom) {
            let words = ["Hello", " world", "é", "👩‍👩‍👧‍👦", "\n", "\"", "\\", "{", "}", "data: ", "[DONE]", ": ", "\u{0}", "\u{2028}", "e\u{301}", "<", "]}", "error"]
            let count = random.below(6) + 1
            pieces = (0..<count).map { _ in (0..<random.below(4)).map { _ in random.pick(words) }.joined() }
            // Most servers speak chat completions.
            api = random.pick([.chat, .chat, .messages, .responses])
            guard api == .chat else {
                usage = random.chance(oneIn: 3) ? nil : #"{"input_tokens":12,"output_tokens":40}"#
                hasDone = false
                finish = random.pick(api == .messages ? ["end_turn", "max_tokens", "strange"] : ["completed", "max_output_tokens", "strange"])
                return
            }
            usage = random.chance(oneIn: 3) ? nil : #"{"prompt_tokens":12,"completion_tokens":40,"total_tokens":52,"prompt_tokens_details":{"cached_tokens":4}}"#
            hasDone = !random.chance(oneIn: 3)
            finish = hasDone && random.chance(oneIn: 6) ? nil : random.pick(["stop", "length", "MAX_TOKENS", "end_turn", "strange"])
        }

        var text: String { pieces.joined() }
        private func quoted(_ text: String) -> String { JSONEncoding.wire.string(.string(text)) }
        private var reason: String { finish.map { "\"\($0)\"" } ?? "null" }

        /// The whole response of the Responses API.
        private var response: String {
            let details = finish == "completed" ? "null" : #"{"reason":\#(reason)}"#
            let item = #"{"type":"message","id":"i","role":"assistant","content":[{"type":"output_text","text":\#(quoted(text)),"annotations":[]}]}"#
            return #"{"id":"r","object":"response","model":"m","status":"\#(finish == "completed" ? "completed" : "incomplete")","error":null,"incomplete_details":\#(details),"output":[\#(item)],"usage":\#(usage ?? "null")}"#
        }

        /// The events of the APIs with a format of their own, the last but `behind` of which announces the end.
        private var events: (list: [String], behind: Int) {
            switch api {
            case .chat: return ([], 0)
            case .messages:
                return (
                    [#"{"type":"message_start","message":{"type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":12,"output_tokens":1}}}"#]
                        + [#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#]
                        + pieces.map { #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":\#(quoted($0))}}"# } + [
                            #"{"type":"content_block_stop","index":0}"#, #"{"type":"message_delta","delta":{"stop_reason":\#(reason)},"usage":\#(usage ?? "null")}"#, #"{"type":"message_stop"}"#,
                        ], 1
                )
            case .responses:
                return (
                    [#"{"type":"response.created","response":{"object":"response","model":"m","status":"in_progress","output":[]}}"#]
                        + pieces.map { #"{"type":"response.output_text.delta","item_id":"i","output_index":0,"content_index":0,"delta":\#(quoted($0))}"# } + [
                            #"{"type":"response.output_text.done","item_id":"i","output_index":0,"content_index":0,"text":\#(quoted(text))}"#,
                            #"{"type":"response.\#(finish == "completed" ? "completed" : "incomplete")","response":\#(response)}"#,
                        ], 0
                )
            }
        }

        var document: [UInt8] {
            switch api {
            case .chat: break
            case .messages:
                return Array(#"{"id":"c","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":\#(quoted(text))}],"stop_reason":\#(reason),"usage":\#(usage ?? "null")}"#.utf8)
            case .responses: return Array(response.utf8)
            }
            return Array(#"{"id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":\#(quoted(text))},"finish_reason":\#(reason)}],"usage":\#(usage ?? "null")}"#.utf8)
        }

        private static let harmless = [
            ": ping\n\n", ":\n", "\n", "\n\n", "data:\n\n", "data: \n\n", "\u{FEFF}", "id: 7\n", "retry: 100\n\n", "event: ping\n\n", "\r\n", "\r", "foo: bar\n", "data: {\"type\":\"ping\"}\n\n",
            "data: {\"choices\":[]}\n\n", "data: {\"error\":null}\n\n",
        ]

        private static var errors: [String] {
            let word = AnswerTarget.error
            return [
                #"data: {"error":{"message":"\#(word)","code":503}}"#, #"error: {"code":500,"message":"\#(word)"}"#, #"{"error":{"message":"\#(word)"}}"#,
                "event: error\ndata: {\"message\":\"\(word)\",\"code\":529}", #"data: {"object":"error","message":"\#(word)","code":500}"#,
                #"data: {"detail":"\#(word)"}"#, "event: error\ndata: \(word)", "{\n \"error\": {\n  \"message\": \"\(word)\"\n }\n}",
            ].map { $0 + "\n\n" }
        }

        /// - Returns: the bytes, and how many of them it takes until the end was announced.
        func stream(_ random: inout FuzzRandom, disturbances: Int, errors: Int, _ truth: inout JSONObject) -> ([UInt8], Int) {
            if api != .chat { return disturbed(events.list, announcing: events.list.count - 1 - events.behind, &random, disturbances: disturbances, errors: errors, &truth) }
            var events = pieces.map { #"{"model":"m","choices":[{"index":0,"delta":{"content":\#(quoted($0))},"finish_reason":null}]}"# }
            if let finish { events.append(#"{"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"\#(finish)"}]}"#) }
            var announcing = events.count - 1
            if let usage {
                // Anywhere, also behind the end.
                let place = random.below(events.count + 1)
                events.insert(#"{"choices":[],"usage":\#(usage)}"#, at: place)
                if place <= announcing { announcing += 1 }
            }
            if hasDone {
                let place = usage != nil && random.chance(oneIn: 3) ? events.count - 1 : events.count
                let isBehind = place > announcing
                events.insert(random.pick(["[DONE]", "[DONE] "]), at: isBehind ? place : events.count)
                if finish == nil { announcing = isBehind ? place : events.count - 1 }
            }
            return disturbed(events, announcing: announcing, &random, disturbances: disturbances, errors: errors, &truth)
        }

        private func disturbed(_ events: [String], announcing: Int, _ random: inout FuzzRandom, disturbances: Int, errors: Int, _ truth: inout JSONObject) -> ([UInt8], Int) {
            let lineEnd = random.pick(["\n", "\n", "\r\n", "\r"])
            let isOddAt = disturbances > 0 ? random.below(4) : 1
            var lines = events.map { "data:\(random.pick([" ", ""]))\($0)\n\n" }
            var announced = announcing
            for _ in 0..<disturbances {
                let place = random.below(lines.count + 1)
                lines.insert(random.pick(Self.harmless), at: place)
                if place <= announced { announced += 1 }
            }
            var error: Int?
            if errors > 0 {
                let place = random.below(lines.count + 1)
                // On a line of its own.
                lines.insert("\n\n" + random.pick(Self.errors), at: place)
                if place <= announced { announced += 1 }
                error = place
            }
            var bytes: [UInt8] = []
            var end = 0
            for (index, line) in lines.enumerated() {
                if index == error { truth["error_at"] = .int(Int64(bytes.count)) }
                bytes += Array(line.replacing("\n", with: lineEnd).utf8)
                if index == error { truth["error_ends"] = .int(Int64(bytes.count)) }
                if index == announced { end = bytes.count }
            }
            if isOddAt == 0, let inside = random.pick(Array(lines.indices)) as Int?, lines[inside].hasPrefix("data:"), lines[inside].utf8.count > 12, error == nil {
                // Something inside of a line: it is then not whole, and must not seem so.
                let start = lines[..<inside].reduce(0) { $0 + $1.replacing("\n", with: lineEnd).utf8.count }
                let place = start + 6 + random.below(lines[inside].utf8.count - 8)
                bytes.insert(contentsOf: random.pick([": ping\n\n", "\n\n", "\r", "data:\n\n", "\n: {}\n\n"] + Self.errors).utf8, at: place)
                truth["torn"] = true
            }
            return (bytes, end)
        }
    }

    // MARK: Trying

    private struct Read: Equatable {
        let text: String?
        let failure: CallFailure?
        let partial: String
        let counts: TokenCounts
        let isFinal: Bool
        let bytes: Int
    }

    private func read(_ api: API, _ body: [UInt8], step: Int, isCut: Bool) -> Read {
        switch api {
        case .chat: read(ChatForm.self, body, step: step, isCut: isCut)
        case .messages: read(MessagesForm.self, body, step: step, isCut: isCut)
        case .responses: read(ResponsesForm.self, body, step: step, isCut: isCut)
        }
    }

    private func read<Form: AnswerForm>(_: Form.Type, _ body: [UInt8], step: Int, isCut: Bool) -> Read {
        var reader = BodyReader<Form>(maxOutputTokens: Self.bound)
        return read(body, &reader, step: step, isCut: isCut) { _ in }
    }

    /// The text as it is handed on while it comes, beside what it comes to.
    private func readPieces(_ api: API, _ body: [UInt8], step: Int, isCut: Bool) -> (Read, String) {
        switch api {
        case .chat: readPieces(ChatForm.self, body, step: step, isCut: isCut)
        case .messages: readPieces(MessagesForm.self, body, step: step, isCut: isCut)
        case .responses: readPieces(ResponsesForm.self, body, step: step, isCut: isCut)
        }
    }

    private func readPieces<Form: AnswerForm>(_: Form.Type, _ body: [UInt8], step: Int, isCut: Bool) -> (Read, String) {
        var reader = BodyReader<Form>(maxOutputTokens: Self.bound, recordsPieces: true)
        var told = ""
        let read = read(body, &reader, step: step, isCut: isCut) { reader in
            for case .text(let text) in reader.takePieces() { told += text }
        }
        return (read, told)
    }

    private func read<Form: AnswerForm>(
        _ body: [UInt8], _ reader: inout BodyReader<Form>, step: Int, isCut: Bool, _ onPiece: (inout BodyReader<Form>) -> Void
    ) -> Read {
        for start in stride(from: 0, to: body.count, by: step) {
            let goesOn = Array(body[start..<min(start + step, body.count)]).withUnsafeBytes { reader.push($0) }
            onPiece(&reader)
            if !goesOn { break }
        }
        reader.end(isCut: isCut)
        onPiece(&reader)
        let (counts, isFinal) = reader.counts(promptBytes: 40)
        switch reader.outcome(after: isCut ? CallFailure(.connection, "cut") : nil) {
        case .success(let response):
            return Read(text: response.text, failure: nil, partial: reader.partialText ?? "", counts: counts, isFinal: isFinal, bytes: reader.outputBytes)
        case .failure(let failure):
            // What stands behind a failure depends on when it is noticed.
            return Read(text: nil, failure: failure, partial: reader.partialText ?? "", counts: .none, isFinal: isFinal, bytes: reader.outputBytes)
        }
    }

    func run(_ input: FuzzInput, _ trial: Trial) -> Bool {
        guard let truth = input.bytes(of: "truth.json").flatMap({ try? JSONParser.parse($0) }) else { return false }
        let isCut = truth["cut"] == true
        let api = truth["api"]?.stringValue.flatMap(API.init) ?? .chat
        let whole = trial.measure("reading in one piece") { read(api, input.main, step: max(1, input.main.count), isCut: isCut) }
        let pieces = trial.measure("reading in pieces") { read(api, input.main, step: Int(truth["step"]?.intValue ?? 1), isCut: isCut) }
        let (handed, told) = readPieces(api, input.main, step: Int(truth["step"]?.intValue ?? 1), isCut: isCut)
        trial.expect(handed == pieces, "handed on it is \(handed), in pieces \(pieces)")
        trial.expect(truth["text"] == nil || told.utf8.elementsEqual((handed.text ?? handed.partial).utf8), "'\(told)' was handed on of \(handed)")
        trial.expect(whole == pieces, "in pieces it is \(pieces), in one \(whole)")
        trial.expect(whole.failure.map { !$0.message.isEmpty } ?? true, "a failure without a word")
        trial.expect(whole.failure == nil || !whole.isFinal || truth["form"] != "stream", "counts of what is not whole are final")
        guard let text = truth["text"]?.stringValue else { return whole.failure == nil }
        trial.expect(whole.bytes >= whole.partial.utf8.count, "\(whole.bytes) bytes were counted of \(whole.partial.utf8.count)")
        if let read = whole.text {
            trial.expect(read.utf8.elementsEqual(text.utf8), "it seems whole and is '\(read)', not '\(text)'")
        } else {
            trial.expect(text.utf8.starts(with: whole.partial.utf8), "'\(whole.partial)' is no beginning of '\(text)'")
        }
        if truth["torn"] == true { return whole.failure == nil }
        if !isCut, truth["error_at"] == nil { trial.expect(whole.bytes >= text.utf8.count, "\(whole.bytes) bytes were counted of the \(text.utf8.count) that came") }

        let length = input.main.count
        let end = truth["announced_at"]?.intValue.map { Int($0) }
        let error = truth["error_at"]?.intValue.flatMap { start in truth["error_ends"]?.intValue.map { (Int(start), Int($0)) } }
        if truth["form"] == "document" {
            trial.expect((whole.failure == nil) == ((truth["lost"]?.intValue ?? 0) == 0), "a document is \(whole)")
            return whole.failure == nil
        }
        guard let end else { return false }
        if let error, error.0 < end, error.1 <= length {
            trial.expect(whole.failure?.message.contains(Self.error) == true, "the server's own error is \(whole)")
        } else if length >= end, error.map({ $0.0 >= end }) ?? true {
            trial.expect(whole.failure == nil, "its end was announced, and it is \(whole)")
        } else if isCut, error.map({ $0.0 >= length }) ?? true, length + 4 < end {
            // Without the blank line its last event may still be complete.
            trial.expect(whole.failure != nil || whole.text == text, "it was cut and is \(whole)")
        }
        return whole.failure == nil
    }
}
