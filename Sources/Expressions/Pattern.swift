/// A regular expression in RE2's syntax, matched in linear time.
///
/// Ours because a pattern may come from a document: a backtracking engine can be made to run for years.
/// Without captures, back references and look-around; those are what linear time costs.
struct Pattern: Sendable {
    struct Fault: Error {
        let message: String
        let hint: String?
    }

    /// The states of the automaton.
    enum Instruction: Sendable {
        case set(Int32)
        case any(newline: Bool)
        case scalar(UInt32)
        case split(Int32, Int32)
        case jump(Int32)
        case assert(Assertion)
        case match
    }

    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    static let maximumSize = 4000

    private let program: [Instruction]
    private let sets: [ScalarSet]

    /// How many states it has.
    var size: Int { program.count }

    /// - Throws: `Fault` when the text is no pattern, or one with more than 4000 states.
    init(_ source: String) throws(Fault) {
        var parser = PatternParser(source)
        let syntax = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.emit(syntax)
        compiler.program.append(.match)
        program = compiler.program
        sets = compiler.sets
    }

    /// Whether the pattern occurs anywhere in the text; `nil` when the fuel ran out.
    ///
    /// All states advance together, one character at a time (Thompson 1968), so the cost is at most text times states.
    func matches(_ bytes: [UInt8], fuel: inout Int) -> Bool? {
        let count = program.count
        var current: [Int32] = []
        var next: [Int32] = []
        var stack: [Int32] = []
        // In which round a state was last entered: cheaper than clearing a set for each character.
        var seen = [Int](repeating: -1, count: count)
        var work = 0
        var position = 0
        var previous: UInt32?
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.makeIterator()
        var here = scalars.next()?.value

        func enter(_ start: Int32, round: Int, into list: inout [Int32], before: UInt32?, after: UInt32?) -> Bool {
            stack.append(start)
            while let state = stack.popLast() {
                guard seen[Int(state)] != round else { continue }
                seen[Int(state)] = round
                work += 1
                switch program[Int(state)] {
                case .match:
                    stack.removeAll(keepingCapacity: true)
                    return true
                case .jump(let target): stack.append(target)
                case .split(let first, let second):
                    stack.append(second)
                    stack.append(first)
                case .assert(let assertion):
                    if Self.holds(assertion, before, after) { stack.append(state + 1) }
                default: list.append(state)
                }
            }
            return false
        }

        while true {
            if enter(0, round: position, into: &current, before: previous, after: here) { return true }
            guard let scalar = here else { return false }
            let following = scalars.next()?.value
            for state in current {
                let accepts =
                    switch program[Int(state)] {
                    case .scalar(let wanted): scalar == wanted
                    case .any(let newline): newline || scalar != 0x0A
                    case .set(let index): sets[Int(index)].contains(scalar)
                    default: false
                    }
                work += 1
                if accepts, enter(state + 1, round: position + 1, into: &next, before: scalar, after: following) { return true }
            }
            swap(&current, &next)
            next.removeAll(keepingCapacity: true)
            previous = scalar
            here = following
            position += 1
            if work >= 32 {
                fuel -= work / 32
                work %= 32
                if fuel < 0 { return nil }
            }
        }
    }

    private static func holds(_ assertion: Assertion, _ before: UInt32?, _ after: UInt32?) -> Bool {
        func isWord(_ scalar: UInt32?) -> Bool { scalar.map { $0 < 0x80 && UInt8($0).isNamePart } ?? false }
        switch assertion {
        case .textStart: return before == nil
        case .textEnd: return after == nil
        case .lineStart: return before == nil || before == 0x0A
        case .lineEnd: return after == nil || after == 0x0A
        case .wordBoundary: return isWord(before) != isWord(after)
        case .noWordBoundary: return isWord(before) == isWord(after)
        }
    }
}

/// A set of characters: ranges, and Unicode categories that ranges cannot name.
struct ScalarSet: Sendable {
    enum Category: String, Sendable {
        case letter = "L", uppercase = "Lu", lowercase = "Ll", number = "N", digit = "Nd", punctuation = "P", symbol = "S", space = "Z"

        func contains(_ properties: Unicode.Scalar.Properties) -> Bool {
            switch (self, properties.generalCategory) {
            case (.letter, .uppercaseLetter), (.letter, .lowercaseLetter), (.letter, .titlecaseLetter), (.letter, .modifierLetter),
                (.letter, .otherLetter), (.uppercase, .uppercaseLetter), (.lowercase, .lowercaseLetter),
                (.number, .decimalNumber), (.number, .letterNumber), (.number, .otherNumber), (.digit, .decimalNumber),
                (.punctuation, .connectorPunctuation), (.punctuation, .dashPunctuation), (.punctuation, .openPunctuation),
                (.punctuation, .closePunctuation), (.punctuation, .initialPunctuation), (.punctuation, .finalPunctuation),
                (.punctuation, .otherPunctuation), (.symbol, .mathSymbol), (.symbol, .currencySymbol), (.symbol, .modifierSymbol),
                (.symbol, .otherSymbol), (.space, .spaceSeparator), (.space, .lineSeparator), (.space, .paragraphSeparator):
                true
            default: false
            }
        }
    }

    var ranges: [ClosedRange<UInt32>] = []
    var categories: [(category: Category, isNegated: Bool)] = []
    /// Sets within the set that are negated themselves, such as `\D` in `[\D_]`.
    var complements: [[ClosedRange<UInt32>]] = []
    var isNegated = false
    var ignoresCase = false

    func contains(_ scalar: UInt32) -> Bool {
        var found = holds(scalar)
        if !found, ignoresCase { found = Self.otherCases(of: scalar).contains { holds($0) } }
        return found != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
        if ranges.contains(where: { $0.contains(scalar) }) { return true }
        if complements.contains(where: { !$0.contains { $0.contains(scalar) } }) { return true }
        guard !categories.isEmpty, let properties = Unicode.Scalar(scalar)?.properties else { return false }
        return categories.contains { $0.category.contains(properties) != $0.isNegated }
    }

    /// The same letter in the other case; single characters only, as in RE2.
    static func otherCases(of scalar: UInt32) -> [UInt32] {
        if scalar < 0x80 { return scalar | 0x20 >= 0x61 && scalar | 0x20 <= 0x7A ? [scalar ^ 0x20] : [] }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return [] }
        return [properties.lowercaseMapping, properties.uppercaseMapping].compactMap {
            let mapped = $0.unicodeScalars
            return mapped.count == 1 && mapped.first!.value != scalar ? mapped.first!.value : nil
        }
    }
}

indirect enum PatternSyntax {
    case empty
    case set(ScalarSet)
    case any(newline: Bool)
    case scalar(UInt32)
    case assert(Pattern.Assertion)
    case sequence([PatternSyntax])
    case either([PatternSyntax])
    case `repeat`(PatternSyntax, least: Int, most: Int?)
}

/// Lays a pattern out as instructions.
private struct PatternCompiler {
    var program: [Pattern.Instruction] = []
    var sets: [ScalarSet] = []
    /// Work done, which repeats of nothing could make endless without adding instructions.
    private var visits = 0

    mutating func emit(_ syntax: PatternSyntax) throws(Pattern.Fault) {
        visits += 1
        guard program.count < Pattern.maximumSize, visits < 4 * Pattern.maximumSize else {
            throw Pattern.Fault(message: "it is too large", hint: "counted repeats multiply: {100} makes a hundred copies")
        }
        switch syntax {
        case .empty: break
        case .set(let set):
            program.append(.set(Int32(sets.count)))
            sets.append(set)
        case .any(let newline): program.append(.any(newline: newline))
        case .scalar(let scalar): program.append(.scalar(scalar))
        case .assert(let assertion): program.append(.assert(assertion))
        case .sequence(let parts):
            for part in parts { try emit(part) }
        case .either(let branches):
            var exits: [Int] = []
            for branch in branches.dropLast() {
                let split = reserve()
                try emit(branch)
                exits.append(reserve())
                program[split] = .split(Int32(split + 1), next)
            }
            try emit(branches[branches.count - 1])
            for exit in exits { program[exit] = .jump(next) }
        case .repeat(let part, let least, let most):
            for _ in 0..<least { try emit(part) }
            guard let most else {
                let split = reserve()
                try emit(part)
                program.append(.jump(Int32(split)))
                program[split] = .split(Int32(split + 1), next)
                return
            }
            var splits: [Int] = []
            for _ in least..<most {
                splits.append(reserve())
                try emit(part)
            }
            for split in splits { program[split] = .split(Int32(split + 1), next) }
        }
    }

    private var next: Int32 { Int32(program.count) }

    /// Room for an instruction whose target is not known yet.
    private mutating func reserve() -> Int {
        program.append(.match)
        return program.count - 1
    }
}
