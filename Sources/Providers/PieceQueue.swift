import Values
import WorkflowModel

/// Between the event loop, which must not wait, and whoever takes an answer's pieces, who may.
final class PieceQueue: Sendable {
    fileprivate struct State {
        var text: PieceRedactor
        var refusal: PieceRedactor
        var reasoning: PieceRedactor
        var pieces: [AnswerPiece] = []
        /// Of ``pieces``.
        var bytes = 0
        var hasBegun = false
        var isClosed = false
        /// Whether the sender was told to wait.
        var isFull = false
        var taker: UnsafeContinuation<Void, Never>?
    }

    private let state: Mutex<State>

    /// So much may wait to be taken.
    static let mostBytes = 65_536

    init(_ redactor: Redactor) {
        let clean = PieceRedactor(redactor)
        state = Mutex(State(text: clean, refusal: clean, reasoning: clean))
    }

    /// - Parameter hasBegun: whether a token has come, of whatever kind.
    /// - Returns: whether there is room for more.
    func add(_ pieces: [AnswerPiece], hasBegun: Bool) -> Bool {
        let (hasRoom, taker) = state.withLock { state in
            let isNew = (hasBegun && !state.hasBegun) || !pieces.isEmpty
            state.hasBegun = state.hasBegun || hasBegun
            for piece in pieces {
                switch piece {
                case .text(let text): state.append(state.text.push(text), AnswerPiece.text)
                case .refusal(let text): state.append(state.refusal.push(text), AnswerPiece.refusal)
                case .reasoning(let text): state.append(state.reasoning.push(text), AnswerPiece.reasoning)
                }
            }
            state.isFull = state.bytes >= Self.mostBytes
            return (!state.isFull, isNew ? state.waken() : nil)
        }
        taker?.resume()
        return hasRoom
    }

    /// Nothing comes any more.
    func close() {
        let taker = state.withLock { state in
            state.append(state.reasoning.finish(), AnswerPiece.reasoning)
            state.append(state.text.finish(), AnswerPiece.text)
            state.append(state.refusal.finish(), AnswerPiece.refusal)
            state.isClosed = true
            return state.waken()
        }
        taker?.resume()
    }

    /// Hands on all that comes, until it is closed or the task is cancelled.
    ///
    /// - Parameter goOn: asks the sender for more, after it was told to wait.
    func hand(to sink: any AnswerSink, goOn: @Sendable () -> Void) async {
        var hasBegun = false
        while !Task.isCancelled {
            let news = state.withLock { state in state.take() }
            if news.wasFull { goOn() }
            if news.hasBegun, !hasBegun {
                hasBegun = true
                await sink.begin()
            }
            for piece in news.pieces where !Task.isCancelled { await sink.take(piece) }
            if !news.pieces.isEmpty { continue }
            if news.isClosed { return }
            await wait(isBegunKnown: hasBegun)
        }
    }

    /// Until there is something to hand on, or nothing any more.
    ///
    /// - Parameter isBegunKnown: whether the beginning was handed on.
    private func wait(isBegunKnown: Bool) async {
        await withUnsafeContinuation { continuation in
            let isNow = state.withLock { state in
                if !state.pieces.isEmpty || state.isClosed || (state.hasBegun && !isBegunKnown) { return true }
                state.taker = continuation
                return false
            }
            if isNow { continuation.resume() }
        }
    }
}

extension PieceQueue.State {
    fileprivate mutating func append(_ text: String, _ kind: (String) -> AnswerPiece) {
        guard !text.isEmpty else { return }
        pieces.append(kind(text))
        bytes += text.utf8.count
    }

    fileprivate mutating func waken() -> UnsafeContinuation<Void, Never>? {
        defer { taker = nil }
        return taker
    }

    fileprivate mutating func take() -> (pieces: [AnswerPiece], hasBegun: Bool, isClosed: Bool, wasFull: Bool) {
        defer { (pieces, bytes, isFull) = ([], 0, false) }
        return (pieces, hasBegun, isClosed, isFull)
    }
}
