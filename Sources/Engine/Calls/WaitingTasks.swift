import Values

/// Tasks that wait for a word, by the number of their place in some line. Each is told once.
final class WaitingTasks<Word: Sendable>: Sendable {
    private enum Place {
        /// It is about to wait.
        case announced
        case waiting(CheckedContinuation<Word?, Never>)
        case told(Word)
    }

    private let places = Mutex<[Int: Place]>([:])

    /// Says that the task of a place will wait: from here on it can be told.
    func announce(_ place: Int) { places.withLock { $0[place] = .announced } }

    /// Waits for the word of an announced place; `nil` when the task was cancelled.
    func word(at place: Int) async -> Word? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOver, word): (Bool, Word?) = places.withLock { places in
                    if case .told(let word)? = places[place] {
                        places[place] = nil
                        return (true, word)
                    }
                    // Asked under the lock: a cancellation that comes later finds the continuation.
                    if Task.isCancelled {
                        places[place] = nil
                        return (true, nil)
                    }
                    places[place] = .waiting(continuation)
                    return (false, nil)
                }
                if isOver { continuation.resume(returning: word) }
            }
        } onCancel: {
            let waiting: CheckedContinuation<Word?, Never>? = places.withLock { places in
                guard case .waiting(let continuation)? = places[place] else { return nil }
                places[place] = nil
                return continuation
            }
            waiting?.resume(returning: nil)
        }
    }

    /// Tells a place; one that is gone hears nothing.
    func tell(_ word: Word, _ place: Int) {
        let waiting: CheckedContinuation<Word?, Never>? = places.withLock { places in
            switch places[place] {
            case .announced:
                places[place] = .told(word)
                return nil
            case .waiting(let continuation):
                places[place] = nil
                return continuation
            case .told, nil: return nil
            }
        }
        waiting?.resume(returning: word)
    }
}
