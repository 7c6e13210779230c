import Foundation
import TestSupport
import Values

/// One run, process after process, each ended from outside until the last.
final class CrashLife {
    private let project: CrashProject
    private let budget: String?
    private(set) var tally = CrashLane.Tally()
    /// Processes so far.
    private(set) var count = 0
    private(set) var isOver = false
    /// Those that ended as the run waited for a person.
    private(set) var waits = 0
    private var wasStopped = false
    /// How often a program was under way, or could have been, when its run lost its process; by step.
    private(set) var openPrograms: [String: Int] = [:]
    private var hasRun = false
    /// Calls that had an end when a process was gone.
    private var endedCalls: [String: String] = [:]
    /// Stands still while another goes on with its run.
    private var stalled: CrashProcess?
    private var path: String { project.ledger.path }

    /// - Parameter budget: the run's cap in pico-dollars in place of the workflow's.
    init(_ project: CrashProject, budget: Int? = nil) {
        self.project = project
        self.budget = budget.map { "\($0 / 1_000_000_000_000)." + String(format: "%012ld", $0 % 1_000_000_000_000) }
    }

    /// When a process is hit.
    private enum Trigger: CustomStringConvertible {
        case requests(Int, andMicroseconds: Int)
        case logGrowth(Int)
        case time(microseconds: Int)

        var description: String {
            switch self {
            case .requests(let count, let more): return "\(count) requests and \(more) us"
            case .logGrowth(let bytes): return "\(bytes) bytes of log"
            case .time(let span): return "\(span) us"
            }
        }
    }

    private func trigger(_ random: inout SeededGenerator) -> Trigger {
        switch Int.random(in: 0..<10, using: &random) {
        case ..<5: return .requests(Int.random(in: 1...4, using: &random), andMicroseconds: Bool.random(using: &random) ? 0 : Int.random(in: 0...15_000, using: &random))
        case ..<8: return .logGrowth(Int.random(in: 1...120_000, using: &random))
        default: return .time(microseconds: Int.random(in: 0...300_000, using: &random))
        }
    }

    /// One more process.
    ///
    /// - Parameter blow: `nil` leaves it to its end.
    func goOn(blow: CrashLane.Blow?, random: inout SeededGenerator) throws {
        count += 1
        // A copy of a ledger comes with its run.
        if count == 1, project.ledger.exists { hasRun = (try? project.ledger.state(programs: [])) != nil }
        var arguments = ["resume", "last", "--json"]
        // Of a run that another has it says so with the exit code of a failed one: not where that is likely.
        let goesOnWithAll = stalled == nil && Int.random(in: 0..<5, using: &random) == 0
        if goesOnWithAll { arguments = ["resume", "--all", "--quiet"] }
        if !hasRun { arguments = CrashProject.run + (budget.map { ["--budget", $0] } ?? []) }
        if hasRun, goesOnWithAll { tally.resumedAll += 1 }
        let trigger = blow == nil ? nil : self.trigger(&random)
        // With another connection open, the log of a process that was killed is not recovered but taken over.
        let window = Bool.random(using: &random) && project.ledger.exists && hasRun ? try project.ledger.window() : nil
        let before = project.model.requestCount
        let process = project.start(arguments, log: "process\(count)")
        let rival = hasRun && !goesOnWithAll && Int.random(in: 0..<8, using: &random) == 0 ? project.start(arguments, log: "rival") : nil
        let wasHit = try watch(process, trigger, window)
        project.log.append("\(count). \(arguments.prefix(2).joined(separator: " "))\(rival == nil ? "" : " with a rival"), \(wasHit ? "\(blow!) after \(trigger!)" : "left alone"), \(project.model.requestCount - before) requests")
        if wasHit, blow == .stall { return try stall(process, rival, window) }
        if wasHit { strike(process, blow!) }
        process.wait()
        rival?.wait()
        if process.code == 43 || rival?.code == 43, let holder = stalled {
            // It stood still with a lock in its hands. This is what the message advises, and then they go on.
            project.log.append("   a lock was held: exit \(process.code), rival \(rival?.code ?? 0)")
            holder.end(with: SIGKILL)
            stalled = nil
            tally.heldUp += 1
            return
        }
        try wakeStalled()
        if let rival { try contest(process, rival, wasHit: wasHit, window) }
        if let window { sample(window) }
        project.log.append("   exit \(process.code) \(process.errors.suffix(160).replacing("\n", with: " "))")
        try look(errors: process.errors, code: process.code, blow: wasHit ? blow : nil)
    }

    /// The first process, which has little room.
    ///
    /// - Returns: its exit code.
    func goOn(in room: CrashProcess.Room) throws -> Int {
        count += 1
        var ledger = "ledger.db"
        if case .disk = room { ledger = "small/ledger.db" }
        let process = project.start(CrashProject.run, ledger: ledger, log: "process\(count)", room: room)
        process.wait()
        project.log.append("\(count). run with room for \(room): exit \(process.code) \(process.errors.suffix(160).replacing("\n", with: " "))")
        try look(errors: process.errors, code: process.code, blow: .kill)
        return process.code
    }

    /// - Returns: whether the trigger fired before the process ended.
    private func watch(_ process: CrashProcess, _ trigger: Trigger?, _ window: CrashLedger.Window?) throws -> Bool {
        let requests = project.model.requestCount
        let log = logSize
        let start = ContinuousClock.now
        while !process.hasEnded {
            switch trigger {
            case .requests(let count, let more)? where project.model.requestCount - requests >= count:
                usleep(UInt32(more))
                return true
            case .logGrowth(let bytes)? where logSize - log >= bytes: return true
            case .time(let span)? where ContinuousClock.now - start >= .microseconds(span): return true
            default: break
            }
            if let window { sample(window) }
            usleep(500)
        }
        return false
    }

    private var logSize: Int {
        var status = stat()
        return stat(path + "-wal", &status) == 0 ? Int(status.st_size) : 0
    }

    private func sample(_ window: CrashLedger.Window) {
        tally.samples += 1
        do {
            for broken in try window.brokenLaws() where !project.problems.contains(broken) { project.problems.append(broken) }
        } catch {
            project.problems.append("the ledger cannot be read beside a process: \(error)")
        }
    }

    private func strike(_ process: CrashProcess, _ blow: CrashLane.Blow) {
        switch blow {
        case .kill:
            tally.kills += 1
            process.send(SIGKILL)
        case .term:
            tally.stops += 1
            wasStopped = true
            process.send(SIGTERM)
        case .twice, .thrice:
            tally.stops += 1
            wasStopped = true
            for _ in 0..<(blow == .twice ? 2 : 3) {
                process.send(blow == .twice ? SIGINT : SIGTERM)
                // Signals of one kind that come at once count as one.
                usleep(3000)
            }
        case .stall: break
        }
    }

    /// Stops a process and lets its lease lapse.
    private func stall(_ process: CrashProcess, _ rival: CrashProcess?, _ window: CrashLedger.Window?) throws {
        process.standStill()
        rival?.end(with: SIGKILL)
        // While this one stands still it may hold the ledger's lock: another could not say that it lost its run.
        stalled?.end(with: SIGKILL)
        stalled = nil
        let hasLapsed = try hasRun && project.ledger.lapse(process.id)
        // Before the first event there may be no file.
        guard hasLapsed, let state = try project.ledger.state(programs: []), state.status == "running", state.owner == process.id else {
            // It has the lock, or no run, or has come to the end of it: nobody can take anything from it.
            tally.kills += 1
            process.end(with: SIGKILL)
            return try look(errors: process.errors, code: process.code, blow: .kill)
        }
        try look(errors: "", code: -Int(SIGKILL), blow: .kill)
        if isOver { process.end(with: SIGKILL) } else { stalled = process }
    }

    /// The one that stood still finds that the run is another's now: it writes and asks nothing more.
    private func wakeStalled() throws {
        guard let process = stalled, let state = try project.ledger.state(programs: []) else { return }
        stalled = nil
        guard state.owner != process.id else {
            process.end(with: SIGKILL)
            return
        }
        let before = Set(project.model.callIDs)
        process.send(SIGCONT)
        let code = process.wait()
        tally.takenOver += 1
        project.log.append("   the one that stood still: exit \(code) \(process.errors.suffix(160).replacing("\n", with: " "))")
        if code != 46, !process.errors.contains("took over run") { project.problems.append("a process that lost its run ended with \(code): \(process.errors)") }
        let after = project.model.callIDs.filter { !before.contains($0) && state.calls[$0] == nil }
        if !after.isEmpty { project.problems.append("a process that lost its run asked on: \(after)") }
    }

    /// Two that resume one run: it has one of them at a time.
    private func contest(_ process: CrashProcess, _ rival: CrashProcess, wasHit: Bool, _ window: CrashLedger.Window?) throws {
        tally.contests += 1
        let code = rival.wait()
        for (mine, other) in [(process, rival), (rival, process)] where mine.code == 48 {
            tally.refusals += 1
            if !mine.errors.contains("driven by process \(other.id) on") { project.problems.append("the loser does not say who has the run: \(mine.errors)") }
        }
        if wasHit, code != 48, code != 49 {
            // It came after the end of the other: what that had under way, nobody saw between the two.
            for step in project.workflow.programs { openPrograms[step, default: 0] += CrashWorkflow.mostAtOnce }
        }
        project.log.append("   rival: exit \(code) \(rival.errors.suffix(160).replacing("\n", with: " "))")
        let expected: Set<Int> = [0, 4, 48, 49, 130]
        if !expected.contains(code), !(10..<40).contains(code) { project.problems.append("the rival ended with \(code): \(rival.errors)") }
    }

    /// What the ledger says between two processes.
    private func look(errors: String, code: Int, blow: CrashLane.Blow?) throws {
        if !hasRun, !project.ledger.exists { return }
        if blow == nil, !hasRun, code == 20 || code == 21 {
            isOver = try project.ledger.state(programs: project.workflow.programs) == nil
        }
        // Not before the schema is there.
        let state: CrashLedger.State?
        do { state = try project.ledger.state(programs: project.workflow.programs) } catch  where !hasRun { state = nil }
        guard let state else {
            if blow == nil, !isOver { project.problems.append("it ended with \(code) and there is no run: \(errors)") }
            return
        }
        if hasRun { tally.resumed += 1 }
        hasRun = true
        for fault in try project.ledger.faults() where !project.problems.contains(fault) { project.problems.append(fault) }
        for (call, end) in endedCalls where state.calls[call] != end { project.problems.append("call \(call) was \(end) and is \(state.calls[call] ?? "gone")") }
        endedCalls = state.calls.filter { $0.value != "held" }
        for (step, open) in state.open { openPrograms[step, default: 0] += open }
        tally.lostCalls += state.calls.values.count { $0 == "held" }
        switch state.status {
        case "succeeded", "failed":
            isOver = true
            tally.runs += 1
            tally.overruns += state.calls.values.count { $0 == "overrun" }
            tally.closed += state.isClosed ? 1 : 0
            tally.requests += project.model.requestCount
            tally.counts += project.model.countRequests
        case "running":
            if blow == nil || blow == .term || blow == .twice, code != 48, code >= 0 {
                project.problems.append("it ended with \(code) and left the run running: \(errors)")
            }
        case "interrupted":
            if !wasStopped { project.problems.append("it is interrupted, and nobody stopped it") }
        case "waiting": waits += 1
        default: project.problems.append("the run is \(state.status)")
        }
        // A run that nobody drives hears of an answer when it is resumed.
        guard !isOver, stalled == nil, state.status == "waiting" || count % 3 == 0 else { return }
        for question in try project.ledger.questions() {
            guard blow != nil else {
                project.settle(question)
                continue
            }
            let answer = project.answer(question)
            answer.send(SIGKILL)
            answer.wait()
        }
    }
}
