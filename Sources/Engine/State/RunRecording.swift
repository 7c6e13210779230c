import Values
import WorkflowModel

/// The facts of a run as the journal has them, with the documents that they name.
struct RunRecording {
    let run: RunID
    let events: [EventRecord]
    private let documents: [ContentHash: [UInt8]]

    init(_ run: RecordedRun, _ journal: any RunJournal) async throws(JournalError) {
        // In one question.
        self.init(run.id, run.events, documents: try await journal.documents(Self.documents(of: run.events)))
    }

    /// The documents that a state needs.
    static func documents(of events: [EventRecord]) -> [ContentHash] {
        var hashes: Set<ContentHash> = []
        for event in events {
            for key in ["output", "items", "response", "message"] {
                if let hash = event.payload[key]?.stringValue.flatMap(ContentHash.init(hex:)) { hashes.insert(hash) }
            }
        }
        return Array(hashes)
    }

    init(_ run: RunID, _ events: [EventRecord], documents: [ContentHash: [UInt8]]) {
        self.run = run
        self.events = events
        self.documents = documents
    }

    /// Applies all facts to a state.
    ///
    /// - Throws: `JournalError` that names the fact which cannot be read, or does not follow from those before it.
    func fold(into state: inout RunState, each: (RunEvent, Timestamp) -> Void = { _, _ in }) throws(JournalError) {
        let read = FactDocuments.journal { hash in documents[hash].flatMap { try? JSONParser.parse($0) } }
        state.machine.filesAhead += events.count { $0.kind == RunEvent.Kind.filesAccepted.rawValue }
        for event in events {
            var fact: RunEvent
            do throws(EventDecodingError) {
                fact = try RunEvent(kind: event.kind, payload: event.payload, run: run)
            } catch {
                throw unreadable("event \(event.sequence): \(error.reason) ('\(error.kind)')")
            }
            if case .runStarted(let started) = fact, started.rules > .current {
                throw JournalError(
                    .tooNew, "run \(run) follows rules \(started.rules.version), and this agentctl knows rules up to \(Rules.current.version): update agentctl")
            }
            fact = fact.tellingQuestions { documents[$0].flatMap { try? JSONParser.parse($0).stringValue } }
            do throws(IllegalFact) {
                _ = try state.apply(fact, at: event.at, read)
            } catch {
                throw unreadable("event \(event.sequence), \(event.kind): \(error.description)")
            }
            each(fact, event.at)
        }
    }

    private func unreadable(_ reason: String) -> JournalError {
        JournalError(.corrupt, "the record of run \(run) does not fit its workflow: \(reason)")
    }
}
