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

    init(_ draft: WorkflowDraft) {
        draft.root?.forEachScalar { keys, node, scalar in
            for key in keys { words[key, default: []].insert(scalar.text) }
            add(scalar.text)
        }
        for (path, text) in draft.texts where path != draft.root?.range.file { add(text) }
    }

    /// Whether a word is a value somewhere below one of these keys.
    func has(_ word: String, under keys: String...) -> Bool { keys.contains { words[$0]?.contains(word) == true } }

    private mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        var isExpression = false
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: "${{".utf8) {
                isExpression = true
                index += 3
            } else if isExpression, bytes[index...].starts(with: "}}".utf8) {
                isExpression = false
                index += 2
            } else if Self.isWord(bytes[index]) {
                let end = bytes[index...].firstIndex { !Self.isWord($0) } ?? bytes.count
                if index == 0 || bytes[index - 1] != UInt8(ascii: ".") {
                    let word = bytes[index..<end]
                    if word.elementsEqual("steps".utf8) { note(bytes, end, isExpression, &steps, &readsAnyStep) }
                    if word.elementsEqual("inputs".utf8) { note(bytes, end, isExpression, &inputs, &readsAnyInput) }
                }
                index = end
            } else {
                index += 1
            }
        }
    }

    private func note(_ bytes: [UInt8], _ end: Int, _ isExpression: Bool, _ names: inout Set<String>, _ readsAny: inout Bool) {
        var start = end
        let rest = bytes[end...]
        if rest.first == UInt8(ascii: ".") {
            start += 1
        } else if rest.starts(with: "[\"".utf8) || rest.starts(with: "['".utf8) {
            start += 2
        }
        let name = bytes[start...].prefix(while: Self.isWord)
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
