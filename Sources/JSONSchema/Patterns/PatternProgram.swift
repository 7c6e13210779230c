/// A pattern as instructions for a machine that is in several of them at once.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        /// Takes one scalar of the set with this number.
        case take(Int)
        case split(Int, Int)
        case jump(Int)
        case start
        case end
        case wordBoundary(isNegated: Bool)
        case look(Int)
        case match
    }

    struct Look: Sendable {
        let program: PatternProgram
        let isBehind: Bool
        let isNegated: Bool
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarSet] = []
    private(set) var looks: [Look] = []
    /// Whether a match can begin at the start of the text only.
    private(set) var isAnchored = false

    /// - Parameter backwards: for what is looked for behind a place, read from there to the left.
    init(_ syntax: PatternSyntax, backwards: Bool = false) throws(PatternError) {
        try emit(syntax, backwards)
        try append(.match)
        if case .sequence(let terms) = syntax, case .start? = terms.first { isAnchored = true }
    }

    /// Instructions with those of everything looked for.
    private var size: Int { instructions.count + lookSize }
    private var lookSize = 0

    private mutating func append(_ instruction: Instruction) throws(PatternError) {
        guard instructions.count < Limits.patternSize else {
            throw PatternError(message: "the pattern is too large, as each bounded repetition is written out")
        }
        instructions.append(instruction)
    }

    private mutating func emit(_ syntax: PatternSyntax, _ backwards: Bool) throws(PatternError) {
        switch syntax {
        case .set(let set):
            sets.append(set)
            try append(.take(sets.count - 1))
        case .sequence(let terms):
            for term in backwards ? terms.reversed() : terms { try emit(term, backwards) }
        case .choice(let choices):
            var ends: [Int] = []
            for choice in choices.dropLast() {
                let split = instructions.count
                try append(.split(split + 1, 0))
                try emit(choice, backwards)
                ends.append(instructions.count)
                try append(.jump(0))
                instructions[split] = .split(split + 1, instructions.count)
            }
            if let last = choices.last { try emit(last, backwards) }
            for end in ends { instructions[end] = .jump(instructions.count) }
        case .repeated(let body, let minimum, let maximum):
            for _ in 0..<minimum {
                let before = instructions.count
                try emit(body, backwards)
                if instructions.count == before { return }
            }
            guard let maximum else {
                let split = instructions.count
                try append(.split(split + 1, 0))
                try emit(body, backwards)
                try append(.jump(split))
                instructions[split] = .split(split + 1, instructions.count)
                return
            }
            var splits: [Int] = []
            for _ in minimum..<maximum {
                splits.append(instructions.count)
                try append(.split(instructions.count + 1, 0))
                try emit(body, backwards)
            }
            for split in splits { instructions[split] = .split(split + 1, instructions.count) }
        case .start: try append(.start)
        case .end: try append(.end)
        case .wordBoundary(let isNegated): try append(.wordBoundary(isNegated: isNegated))
        case .look(let inner, let isBehind, let isNegated):
            let program = try PatternProgram(inner, backwards: isBehind)
            lookSize += program.size
            looks.append(Look(program: program, isBehind: isBehind, isNegated: isNegated))
            try append(.look(looks.count - 1))
            guard size <= Limits.patternSize else {
                throw PatternError(message: "the pattern is too large, as each bounded repetition is written out")
            }
        }
    }
}
