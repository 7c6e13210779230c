import Dispatch
import Glibc
import Reports
import Values

/// The end of stderr on a terminal, drawn again and again: the tree of a run, the line of a batch.
///
/// While another job has the terminal nothing is drawn, and what was drawn before is left alone: the shell has written below it.
final class LiveScreen: @unchecked Sendable {
    /// Lines of a terminal of so many rows.
    typealias Picture = (_ style: TextStyle, _ rows: Int) -> [String]

    // Guarded by `lock`.
    private let lock = Lock()
    private var area = LiveArea(breaksAnew: LiveScreen.terminalBreaksAnew)
    private var messages: [String] = []
    private var wasInFront = true
    private let continued: any DispatchSourceSignal

    init() {
        // Ctrl-Z and fg: sent before anything is drawn again.
        continued = DispatchSource.makeSignalSource(signal: SIGCONT, queue: DispatchQueue(label: "continued"))
        continued.setEventHandler { [weak self] in self?.lock.hold { self?.area.leave() } }
        continued.resume()
    }

    deinit { continued.cancel() }

    /// A line that stays above what is drawn; it is shown with the next picture.
    func say(_ message: String) { lock.hold { messages.append(message) } }

    /// - Parameter isLast: it is shown in any case.
    func draw(isLast: Bool = false, _ picture: Picture) {
        let isInFront = Self.isInFront
        let size = Output.size(of: 2)
        let style = Output.errorStyle
        lock.hold {
            if !isInFront || !wasInFront { area.leave() }
            wasInFront = isInFront
            guard isInFront || isLast else { return }
            let lines = picture(style, size.rows)
            guard !lines.isEmpty || !messages.isEmpty || !area.isEmpty else { return }
            Output.draw(lines, messages: messages, in: &area, columns: size.columns, rows: size.rows)
            messages = []
        }
    }

    /// Takes away what is drawn while something else is written; the next picture comes below that.
    func aside(_ body: () -> Void) {
        lock.hold {
            if !area.isEmpty, Self.isInFront {
                let size = Output.size(of: 2)
                Output.draw([], messages: [], in: &area, columns: size.columns, rows: size.rows)
            }
            body()
        }
    }

    /// Whether the terminal is this job's, or nobody's.
    private static var isInFront: Bool {
        let group = tcgetpgrp(2)
        return group < 0 || group == getpgrp()
    }

    /// Terminals that are known to break lines anew when they become narrower, by what they say of themselves.
    private static var terminalBreaksAnew: Bool {
        ["TMUX", "VTE_VERSION", "KITTY_WINDOW_ID", "ALACRITTY_WINDOW_ID", "WT_SESSION", "TERM_PROGRAM"].contains { Output.variable($0) != nil }
    }
}
