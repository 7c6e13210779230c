/// Makes texts with expressions in them.
enum TemplateGenerator {
    private static let texts = [
        "Which category?", " ", "\n", "Ticket ", ": ", "é😀", "$", "{{", "}}", "$${{ literal }}", "{ json: [1] }", "\t", "a\nb\n\nc", "e\u{301}", "\u{2028}", "100%", "\\", "\"", "'", "#",
    ]

    static func template(_ expressions: inout ExpressionGenerator, _ random: inout FuzzRandom) -> String {
        if random.chance(oneIn: 4) { return whole(&expressions, &random) }
        return (0..<random.within(1...4)).map { _ in random.chance(oneIn: 2) ? whole(&expressions, &random) : random.pick(texts) }.joined()
    }

    private static func whole(_ expressions: inout ExpressionGenerator, _ random: inout FuzzRandom) -> String {
        let space = random.pick([" ", " ", "", "\n  "])
        return "${{\(space)\(expressions.expression(random.pick(ExpressionGenerator.Kind.allCases), &random, depth: 2))\(space)}}"
    }
}
