/// An error on its way up: small, since `&&` and `||` throw many of them away; the message is built when somebody reads it.
struct Failure: Error {
    let code: EvaluationError.Code
    let node: SyntaxTree.ID
    let message: @Sendable () -> String

    init(_ code: EvaluationError.Code, _ node: SyntaxTree.ID, _ message: @escaping @Sendable () -> String) {
        self.code = code
        self.node = node
        self.message = message
    }
}
