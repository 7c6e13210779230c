import Values

/// A request as a prompt cache sees it: what has to be equal beside the prompt, and the blocks of the prompt in the order in which they are read, each with its exact bytes.
struct StubPrompt {
    enum API { case chat, responses, messages }

    struct Block {
        /// What makes it another one: who speaks, whether it begins a message, and all that it says but for the mark.
        var identity: [UInt8]
        /// Of its text, by which tokens are counted.
        var bytes: Int
        var mark: JSONValue?
        var role: String
        var type: String
        var isBlank: Bool
    }

    let api: API
    let model: String
    private(set) var blocks: [Block] = []
    /// Settings by which prompts share nothing.
    private(set) var space: [UInt8]

    /// An image or a file.
    static let attachmentBytes = 765 * 4

    init(_ api: API, _ request: JSONValue) {
        self.api = api
        model = request["model"]?.stringValue ?? ""
        space = Array("\(api)\n\(model)\n".utf8)
        let settings: [String] =
            switch api {
            // Those of thinking and of the choice of a tool reach to the messages alone.
            case .messages: ["output_config", "service_tier"]
            case .chat: ["tools", "response_format", "reasoning_effort", "verbosity", "service_tier", "prompt_cache_key"]
            case .responses: ["tools", "text", "reasoning", "service_tier", "prompt_cache_key"]
            }
        for name in settings { space += Array("\(name)=".utf8) + JSONEncoding.wire.bytes(request[name] ?? .null) + [0x0A] }
        switch api {
        case .messages:
            for tool in request["tools"]?.arrayValue ?? [] { add(tool, role: "tool", isFirst: true, counting: JSONEncoding.wire.bytes(Self.withoutMarks(tool)).count) }
            add(content: request["system"], role: "system")
            let choice = JSONEncoding.wire.string([request["tool_choice"] ?? .null, request["thinking"] ?? .null])
            for (index, message) in (request["messages"]?.arrayValue ?? []).enumerated() {
                add(content: message["content"], role: message["role"]?.stringValue ?? "", besides: index == 0 ? choice : "")
            }
        case .chat: for message in request["messages"]?.arrayValue ?? [] { add(content: message["content"], role: message["role"]?.stringValue ?? "") }
        case .responses:
            add(content: request["instructions"], role: "system")
            if let items = request["input"]?.arrayValue {
                for item in items { add(content: item["content"], role: item["role"]?.stringValue ?? "") }
            } else {
                add(content: request["input"], role: "user")
            }
        }
    }

    /// A text stands for one block of it.
    private mutating func add(content: JSONValue?, role: String, besides: String = "") {
        switch content {
        case .string(let text): add(["type": "text", "text": .string(text)], role: role, isFirst: true, besides: besides)
        case .array(let parts): for (index, part) in parts.enumerated() { add(part, role: role, isFirst: index == 0, besides: index == 0 ? besides : "") }
        default: break
        }
    }

    private mutating func add(_ block: JSONValue, role: String, isFirst: Bool, besides: String = "", counting bytes: Int? = nil) {
        let text = (block["text"] ?? block["thinking"])?.stringValue
        let isText = text != nil
        let mark = block["cache_control"] ?? block["prompt_cache_breakpoint"]
        var type = block["type"]?.stringValue ?? ""
        // The names that one thing has in two APIs.
        if isText, type == "input_text" || type == "output_text" { type = "text" }
        let head = Array("\(role)\(isFirst ? "+" : "")\n\(type)\n\(besides)\n".utf8)
        let body = isText ? Array(text!.utf8) : JSONEncoding.wire.bytes(Self.withoutMarks(block))
        blocks.append(
            Block(
                identity: head + body, bytes: bytes ?? text?.utf8.count ?? Self.attachmentBytes, mark: mark?.isNull == true ? nil : mark, role: role, type: type,
                isBlank: text.map { $0.allSatisfy(\.isWhitespace) } ?? false))
    }

    /// The last block that is not the model's.
    var lastMarkable: Int? { blocks.lastIndex { $0.role != "assistant" } }

    /// As a server does it by itself; one that is there stays.
    mutating func mark(_ index: Int) { blocks[index].mark = blocks[index].mark ?? ["mode": "explicit"] }

    private static func withoutMarks(_ block: JSONValue) -> JSONValue {
        guard var object = block.objectValue else { return block }
        object["cache_control"] = nil
        object["prompt_cache_breakpoint"] = nil
        return .object(object)
    }

    /// The ends of the blocks: the name of everything up to there, and its tokens.
    var ends: [(name: ContentHash, tokens: Int)] {
        var (name, bytes) = (ContentHash(of: space), 0)
        return blocks.map { block in
            name = ContentHash(chaining: name, block.identity)
            bytes += block.bytes
            return (name, (bytes + 3) / 4)
        }
    }

    /// The ends of whole steps of tokens, wherever blocks end.
    func steps(of tokens: Int) -> [(name: ContentHash, tokens: Int)] {
        var ends: [(name: ContentHash, tokens: Int)] = []
        var (name, waiting, counted) = (ContentHash(of: space), [UInt8](), 0)
        for block in blocks {
            // What is no text has no end of a step within it.
            guard block.type == "text" else {
                waiting += block.identity
                counted += block.bytes
                continue
            }
            let head = block.identity.count - block.bytes
            waiting += block.identity[..<head]
            var rest = block.identity[head...]
            while !rest.isEmpty {
                let piece = rest.prefix(tokens * 4 - counted % (tokens * 4))
                waiting += piece
                counted += piece.count
                rest = rest.dropFirst(piece.count)
                guard counted % (tokens * 4) == 0 else { continue }
                name = ContentHash(chaining: name, waiting)
                waiting = []
                ends.append((name, counted / 4))
            }
        }
        return ends
    }

    var tokens: Int { (blocks.reduce(0) { $0 + $1.bytes } + 3) / 4 }
}
