/// Runs a program over a text by keeping the set of instructions it may be in (Thompson's construction).
///
/// Time is the text's length times the program's, whatever the pattern: there is no backtracking, which for a pattern
/// such as `^(a+)+$` takes longer than anyone can wait.
struct PatternMatcher {
    let text: [Unicode.Scalar]
    /// Steps left; below 0 the answer is void.
    var steps: Int

    /// - Parameters:
    ///   - start: where the match begins, or from where on it may when `searches`.
    ///   - backwards: whether to read to the left.
    mutating func matches(_ program: PatternProgram, from start: Int, searches: Bool, backwards: Bool) -> Bool {
        let count = program.instructions.count
        steps -= count / 16
        // The position at which an instruction was last entered: each is entered once per position.
        var entered = [Int](repeating: -1, count: count)
        var current: [Int] = []
        var next: [Int] = []
        var pending: [Int] = []
        var position = start
        while steps >= 0 {
            if position == start || searches && !program.isAnchored {
                if enter(0, position, program, &entered, &current, &pending) { return true }
            }
            guard backwards ? position > 0 : position < text.count else { return false }
            if current.isEmpty, !searches || program.isAnchored { return false }
            let scalar = text[backwards ? position - 1 : position]
            position += backwards ? -1 : 1
            for instruction in current {
                guard case .take(let set) = program.instructions[instruction] else { continue }
                steps -= 1
                guard program.sets[set].contains(scalar) else { continue }
                if enter(instruction + 1, position, program, &entered, &next, &pending) { return true }
            }
            swap(&current, &next)
            next.removeAll(keepingCapacity: true)
            steps -= 1
        }
        return false
    }

    /// Adds an instruction and all that it leads to without taking a scalar; `true` when that is a match.
    private mutating func enter(
        _ first: Int, _ position: Int, _ program: PatternProgram, _ entered: inout [Int], _ list: inout [Int],
        _ pending: inout [Int]
    ) -> Bool {
        pending.append(first)
        while let instruction = pending.popLast() {
            guard entered[instruction] != position else { continue }
            entered[instruction] = position
            steps -= 1
            guard steps >= 0 else { return false }
            switch program.instructions[instruction] {
            case .take: list.append(instruction)
            case .match: return true
            case .jump(let target): pending.append(target)
            case .split(let a, let b):
                pending.append(b)
                pending.append(a)
            case .start: if position == 0 { pending.append(instruction + 1) }
            case .end: if position == text.count { pending.append(instruction + 1) }
            case .wordBoundary(let isNegated):
                if (isWord(position - 1) != isWord(position)) != isNegated { pending.append(instruction + 1) }
            case .look(let index):
                let look = program.looks[index]
                let found = matches(look.program, from: position, searches: false, backwards: look.isBehind)
                if found != look.isNegated { pending.append(instruction + 1) }
            }
        }
        return false
    }

    private func isWord(_ position: Int) -> Bool {
        guard text.indices.contains(position) else { return false }
        switch text[position] {
        case "a"..."z", "A"..."Z", "0"..."9", "_": return true
        default: return false
        }
    }
}
