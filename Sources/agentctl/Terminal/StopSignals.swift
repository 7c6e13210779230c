import Dispatch
import Engine
import Glibc

/// Ctrl-C, Ctrl-\, SIGTERM and SIGHUP: the first asks runs to stop, the second aborts what is in flight, the third ends the process.
final class StopSignals: @unchecked Sendable {
    // Touched on its own queue only.
    private var sources: [any DispatchSourceSignal] = []
    private var count = 0
    private let queue = DispatchQueue(label: "signals")

    init(engine: Engine, said: @escaping @Sendable (String) -> Void) {
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [unowned self] in
                count += 1
                switch count {
                case 1:
                    said("stopping: nothing new starts, calls in flight get 10 s; again to abort them")
                    engine.interrupt(.graceful)
                case 2:
                    said("aborting: calls in flight stay held as unknown")
                    engine.interrupt(.immediate)
                default: Glibc._exit(ExitCodes.interrupted)
                }
            }
            source.resume()
            sources.append(source)
        }
    }
}
