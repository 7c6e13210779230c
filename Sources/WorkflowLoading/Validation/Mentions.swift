import Values

/// The steps and inputs that expressions mention, and the words under some keys.
///
/// Found in the texts and not in what was decoded from them: no place where an expression may stand can be forgotten, so that
/// nothing that is used is called unused.
struct Mentions {
    private(set) var steps: Set<String> = []
    private(set) var inputs: Set<String> = []
    /// Whether all of them may be read: `inputs` alone, or under a key that is computed.
    private(set) var readsAnyStep = false
    private(set) var readsAnyInput = false
    private var words: [String: Set<String>] = [:]

    /// The keys under which names stand as they are.
    private static let naming: Set<String> = ["model", "tiers", "start", "models", "degrade", "skip_tier_if", "tier", "prefix", "needs"]

    init(_ draft: WorkflowDraft) {
        draft.root?.forEachScalar { keys, node, scalar in
            // A name is short, a prompt is not.
            if scalar.text.utf8.count <= 256 {
                for key in keys where Self.naming.contains(key) { words[key, default: []].insert(scalar.text) }
            }
            add(scalar.text)
        }
        for (path, text) in draft.texts where draft.root?.range.file.hasSameBytes(as: path) != true { add(text) }
    }

    /// Whether a word is a value somewhere below one of these keys.
    func has(_ word: String, under keys: String...) -> Bool {
        keys.contains { key in
            assert(Self.naming.contains(key), "nothing is known of what stands under '\(key)'")
            return words[key]?.contains(word) == true
        }
    }

    private mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add($0) }
    }

    private mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        var isExpression = false
        var index = 0
        func byte(_ offset: Int) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }
        while index < bytes.count {
            let first = bytes[index]
            if Self.isWord(first) {
                var end = index + 1
                while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
                if index == 0 || bytes[index - 1] != UInt8(ascii: ".") {
                    let word = bytes[index..<end]
                    if word.count == 5, word.elementsEqual("steps".utf8) { Self.note(bytes, end, isExpression, &steps, &readsAnyStep) }
                    if word.count == 6, word.elementsEqual("inputs".utf8) { Self.note(bytes, end, isExpression, &inputs, &readsAnyInput) }
                }
                index = end
            } else if first == UInt8(ascii: "$"), byte(1) == UInt8(ascii: "{"), byte(2) == UInt8(ascii: "{") {
                isExpression = true
                index += 3
            } else if first == UInt8(ascii: "}"), isExpression, byte(1) == UInt8(ascii: "}") {
                isExpression = false
                index += 2
            } else {
                index += 1
            }
        }
    }

    private static func note(_ bytes: UnsafeBufferPointer<UInt8>, _ end: Int, _ isExpression: Bool, _ names: inout Set<String>, _ readsAny: inout Bool) {
        var start = end
        let rest = bytes[end...]
        if rest.first == UInt8(ascii: ".") {
            start += 1
        } else if rest.starts(with: "[\"".utf8) || rest.starts(with: "['".utf8) {
            start += 2
        }
        let name = bytes[start...].prefix(while: isWord)
        // `steps.map(…)` goes over all of them.
        let isCall = rest.dropFirst(start - end + name.count).first == UInt8(ascii: "(")
        if start > end, !name.isEmpty, !isCall {
            names.insert(String(decoding: name, as: UTF8.self))
        } else if isExpression {
            readsAny = true
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
    }
}
