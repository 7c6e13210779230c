import Values
import WorkflowModel

extension TextStyle {
    var ellipsis: String { isUnicode ? "…" : "..." }
    var times: String { isUnicode ? "×" : "x" }
    var dash: String { isUnicode ? "–" : "-" }
    var arrow: String { isUnicode ? "→" : "->" }
    var atLeast: String { isUnicode ? "≥ " : ">= " }
    var atMost: String { isUnicode ? "≤ " : "<= " }
    var dot: String { isUnicode ? " · " : ", " }
    var rule: String { isUnicode ? "─" : "-" }
    /// Before a child that has siblings below it, and before what hangs under that child.
    var branch: (lead: String, rest: String) { isUnicode ? ("├─ ", "│  ") : ("|- ", "|  ") }
    /// The same for the last child.
    var lastBranch: (lead: String, rest: String) { isUnicode ? ("└─ ", "   ") : ("`- ", "   ") }

    func symbol(_ status: NodeStatus) -> StyledText {
        switch status {
        case .pending: return StyledText(isUnicode ? "·" : ".", .dim)
        case .running: return StyledText(isUnicode ? "▸" : "*", .cyan)
        case .waiting: return StyledText(isUnicode ? "‖" : "=", .yellow)
        case .succeeded: return StyledText(isUnicode ? "✓" : "+", .green)
        case .failed: return StyledText(isUnicode ? "✗" : "x", .red)
        case .skipped: return StyledText(dash, .dim)
        case .cancelled: return StyledText(isUnicode ? "⊘" : "!", .yellow)
        }
    }

    /// Of a step that asked a person and was turned down.
    var rejected: StyledText { StyledText(isUnicode ? "⊘" : "!", .yellow) }

    func symbol(_ status: RunStatus) -> StyledText {
        switch status {
        case .running: return symbol(NodeStatus.running)
        case .succeeded: return symbol(NodeStatus.succeeded)
        case .failed: return symbol(NodeStatus.failed)
        case .cancelled, .interrupted: return symbol(NodeStatus.cancelled)
        case .waiting: return symbol(NodeStatus.waiting)
        }
    }

    /// The symbol of something that runs, turning with the time.
    func spinner(at now: Timestamp) -> StyledText {
        let frames = Array(isUnicode ? "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" : "|/-\\")
        let tick = Int(now.microseconds / 100_000 % Int64(frames.count))
        return StyledText(String(frames[tick < 0 ? tick + frames.count : tick]), .cyan)
    }

    /// A bar of `cells` cells that is full to `part` of `whole`; a part above zero always shows.
    func bar(_ part: Int128, of whole: Int128, cells: Int) -> String {
        guard whole > 0, cells > 0 else { return String(repeating: " ", count: max(0, cells)) }
        let part = min(max(part, 0), whole)
        guard isUnicode else {
            let full = Int((part * Int128(cells) + whole / 2) / whole)
            let shown = part > 0 ? max(full, 1) : 0
            return String(repeating: "#", count: shown) + String(repeating: ".", count: cells - shown)
        }
        let rounded = Int((part * Int128(cells * 8) + whole / 2) / whole)
        let eighths = part > 0 ? max(rounded, 1) : 0
        var text = String(repeating: "█", count: eighths / 8)
        if eighths % 8 > 0 { text += String(Array("▏▎▍▌▋▊▉")[eighths % 8 - 1]) }
        return text + String(repeating: " ", count: cells - (eighths + 7) / 8)
    }
}

extension NodeStatus {
    var tint: Tint? {
        switch self {
        case .pending, .skipped: return .dim
        case .running: return .cyan
        case .waiting, .cancelled: return .yellow
        case .succeeded: return .green
        case .failed: return .red
        }
    }
}

extension RunStatus {
    var tint: Tint? {
        switch self {
        case .running: return .cyan
        case .succeeded: return .green
        case .failed: return .red
        case .cancelled, .interrupted, .waiting: return .yellow
        }
    }
}
