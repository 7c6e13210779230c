import Values
import WorkflowModel

/// Facts go into the journal's queue and into the machine; the commands that come out are performed.
extension RunExecution {
    /// Takes a fact: into the journal's queue, then into the machine, whose commands are executed.
    func record(_ event: RunEvent) {
        note(event, at: environment.clock.now())
        dispatch(commands(after: event))
    }

    /// What the machine wants done now that something has happened.
    func commands(after event: RunEvent) -> [RunCommand] {
        do throws(IllegalFact) {
            return try machine.apply(event)
        } catch {
            // The engine answers what it was asked for: no record can say anything else while it runs.
            preconditionFailure("\(event.kind): \(error)")
        }
    }

    /// A fact for the journal and the observer alone.
    @inline(never)
    func note(_ event: RunEvent, at: Timestamp) {
        guard journalError == nil else { return }
        append(event, at: at, to: buffer)
        announce(event, at: at)
    }

    /// A fact for the journal alone.
    func append(_ event: RunEvent, at: Timestamp, to entry: JournalEntry) {
        let fact = JournaledEvent(event, at: at)
        bufferedBytes += fact.payload.count
        entry.facts.append(fact)
    }

    /// A fact that the journal has already, for the observer.
    func announce(_ event: RunEvent, at: Timestamp) {
        observer?.observe(event, run: id, graph: graph, at: at)
    }

    /// Commands wait in a queue while one is executed: a chain of a thousand skipped steps must not be a thousand calls deep.
    func dispatch(_ new: [RunCommand]) {
        commands.append(contentsOf: new)
        guard !isDraining else { return }
        isDraining = true
        drain()
    }

    private func drain() {
        var next = 0
        while next < commands.count {
            if next == Self.mostDone {
                commands.removeFirst(next)
                next = 0
            }
            let command = commands[next]
            // What only computes waits for nothing else: a million items would be a million facts in memory.
            if command.makesMore, isFull, environment.journal.isBehind { return waitForJournal(after: next) }
            next += 1
            perform(command)
        }
        commands.removeAll(keepingCapacity: true)
        isDraining = false
    }

    /// Commands that are done and still in the queue.
    private static let mostDone = 4096

    /// Whether what waits is handed over for its size; it is, when this returns.
    private var isFull: Bool {
        guard buffer.facts.count >= 512 || bufferedBytes >= 1 << 20 else { return false }
        flush()
        return true
    }

    /// Goes on with the queue when the journal has written what it was given. New commands queue up behind.
    private func waitForJournal(after count: Int) {
        commands.removeFirst(count)
        Task(executorPreference: environment.executor) { [self] in await drainWhenWritten() }
    }

    private func drainWhenWritten() async {
        // Its failure ends the run, which finds no command to perform then.
        _ = try? await write(takeBuffer(), after: nil)
        drain()
    }

    private func perform(_ command: RunCommand) {
        guard journalError == nil else { return }
        switch command {
        case .evaluateCondition(let node): evaluateCondition(node)
        case .expandItems(let node): expandItems(node)
        case .start(let node): start(node)
        case .open(let node, let pass): open(node, pass: pass)
        case .openFinally(let scope): openFinally(of: scope)
        case .close(let scope, let end): close(scope, end)
        case .skip(let node, let reason): skip(node, reason)
        case .collect(let node): collect(node)
        case .cancel(let node):
            if let task = tasks[node] {
                task.cancel()
                reservations.wakeAll()
            } else if approvals[node] != nil {
                forget(node)
                fail(node, StepFailure(.cancelled, "the run is stopping"))
            }
        case .end(let status):
            self.status = status
            resumeFinish()
        }
    }

    func resumeFinish() {
        finish?.resume()
        finish = nil
    }
}

extension RunCommand {
    /// Whether facts follow from it that fill a journal. To end is not put off: what made it the end may not hold later.
    fileprivate var makesMore: Bool {
        switch self {
        case .end, .cancel: return false
        default: return true
        }
    }
}
