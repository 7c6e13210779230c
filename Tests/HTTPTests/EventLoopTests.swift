import Testing
import Values

@testable import HTTP

@Suite(.timeLimit(.minutes(5)))
struct EventLoopTests {
    @Test func tasksRunOnTheLoop() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        #expect(!loop.isCurrent)
        let sum = await Task(executorPreference: loop) {
            var isOnLoop = loop.isCurrent
            let sum = await withTaskGroup(of: Int.self) { group in
                for index in 0..<2_000 {
                    group.addTask {
                        await Task.yield()
                        return loop.isCurrent ? index : -1_000_000
                    }
                }
                return await group.reduce(0, +)
            }
            isOnLoop = isOnLoop && loop.isCurrent
            return isOnLoop ? sum : -1
        }.value
        #expect(sum == 1_999_000)
    }

    @Test func workIsPostedFromManyThreads() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let count = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        await withCheckedContinuation { continuation in
                            loop.post {
                                count.add(loop.isCurrent ? 1 : 0)
                                continuation.resume()
                            }
                        }
                    }
                }
            }
        }
        #expect(count.value == 4_000)
    }

    @Test func timersFireInOrder() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (fired, continuation) = AsyncStream<Int>.makeStream()
        loop.post {
            for delay in [300, 0, 150] { loop.schedule(after: .milliseconds(Int64(delay))) { continuation.yield(delay) } }
        }
        var order: [Int] = []
        for await delay in fired {
            order.append(delay)
            if order.count == 3 { break }
        }
        #expect(order == [0, 150, 300])
    }

    @Test func cancelledTimersDoNotFire() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let fired = Mutex<[Int]>([])
        // Scheduled and cancelled in one turn, so that none can fire in between.
        loop.post {
            for index in 0..<100 {
                let timer = loop.schedule(after: .milliseconds(index % 2 == 0 ? 5 : 3_600_000)) { fired.withLock { $0.append(index) } }
                if index % 4 != 0 {
                    timer.cancel()
                    timer.cancel()
                }
            }
        }
        try await loop.sleep(milliseconds: 50)
        #expect(fired.withLock { $0.sorted() } == Array(stride(from: 0, to: 100, by: 4)))
    }

    @Test func heapKeepsOrderThroughRemovals() throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        var heap = TimerHeap()
        let timers = (0..<1_000).map { LoopTimer(deadline: UInt64($0 * 7_919 % 1_009), loop: loop) { _ in } }
        for timer in timers { heap.insert(timer) }
        for timer in timers where timer.deadline % 3 == 0 { heap.remove(timer) }
        let kept = timers.map(\.deadline).filter { $0 % 3 != 0 }.sorted()
        #expect(heap.nextDeadline == kept.first)
        var order: [UInt64] = []
        while let timer = heap.popDue(at: 500) { order.append(timer.deadline) }
        let due = kept.filter { $0 <= 500 }
        #expect(order == due)
        #expect(heap.nextDeadline > 500)
        while heap.popAny() != nil {}
        #expect(heap.isEmpty)
    }

    @Test func sleepEndsWithItsTask() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let task = Task {
            do { try await loop.sleep(for: .seconds(3_600)) } catch { return true }
            return false
        }
        task.cancel()
        #expect(await task.value)
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            do { try await loop.sleep(for: .seconds(3_600)) } catch { return true }
            return false
        }
        #expect(await early.value)
    }

    @Test func stopWakesSleepersAndLetsTasksFinish() async throws {
        let loop = try EventLoop()
        let (started, continuation) = AsyncStream<Void>.makeStream()
        let task = Task(executorPreference: loop) {
            continuation.yield()
            do { try await loop.sleep(for: .seconds(3_600)) } catch {
                // Jobs that come after the end run elsewhere.
                for _ in 0..<10 { await Task.yield() }
                return true
            }
            return false
        }
        for await _ in started { break }
        loop.stop()
        loop.stop()
        #expect(await task.value)
        #expect(!loop.post {})
        await #expect(throws: CancellationError.self) { try await loop.sleep(milliseconds: 1) }
        #expect(await Task(executorPreference: loop) { 7 }.value == 7)
    }
}
