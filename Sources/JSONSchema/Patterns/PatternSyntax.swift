/// What a pattern says, before it is made into a program.
indirect enum PatternSyntax {
    case set(ScalarSet)
    case sequence([PatternSyntax])
    case choice([PatternSyntax])
    /// `maximum` is `nil` for no bound.
    case repeated(PatternSyntax, minimum: Int, maximum: Int?)
    case start
    case end
    case wordBoundary(isNegated: Bool)
    case look(PatternSyntax, isBehind: Bool, isNegated: Bool)
}
