import HTTP
import Synchronization
import Testing
import Values

@Suite(.timeLimit(.minutes(1)))
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
        let delays = [30, 5, 20, 0, 10, 25, 15, 1, 40, 35]
        loop.post {
            for delay in delays { loop.schedule(after: .milliseconds(Int64(delay))) { continuation.yield(delay) } }
        }
        var order: [Int] = []
        for await delay in fired {
            order.append(delay)
            if order.count == delays.count { break }
        }
        #expect(order == delays.sorted())
    }

    @Test func cancelledTimersDoNotFire() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let fired = Mutex<[Int]>([])
        let timers = (0..<100).map { index in
            loop.schedule(after: .milliseconds(index % 2 == 0 ? 20 : 3_600_000)) { fired.withLock { $0.append(index) } }
        }
        for (index, timer) in timers.enumerated() where index % 4 != 0 {
            timer.cancel()
            timer.cancel()
        }
        try await loop.sleep(milliseconds: 25)
        #expect(fired.withLock { $0 } == Array(stride(from: 0, to: 100, by: 4)))
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
