import Values

/// What `doctor` prints: the findings of every check, in a fixed order.
public struct HealthReport: Sendable {
    public let findings: [HealthFinding]

    /// Runs every check over the facts.
    public init(_ facts: HealthFacts) {
        findings =
            ProjectCheck.findings(facts) + ProviderCheck.findings(facts) + LedgerCheck.findings(facts) + DiskCheck.findings(facts)
            + ClockCheck.findings(facts) + LimitsCheck.findings(facts) + CertificatesCheck.findings(facts) + LibrariesCheck.findings(facts)
    }

    /// Whether no finding is a problem; warnings do not count.
    public var isGood: Bool { !findings.contains { $0.status == .problem } }

    public func text(style: TextStyle) -> String {
        let checks = findings.map(\.check.terminalWidth).max() ?? 0
        var lines: [String] = []
        for finding in findings {
            let tint: Tint =
                switch finding.status {
                case .ok: .green
                case .warning: .yellow
                case .problem: .red
                }
            let lead = StyledText(padded(finding.status.rawValue, 7), tint) + "  " + StyledText(padded(finding.check, checks)) + "  "
            let room = style.width.map { max(20, $0 - lead.width) }
            let indent = String(repeating: " ", count: lead.width)
            for (index, line) in finding.message.wrapped(to: room).enumerated() {
                lines.append(((index == 0 ? lead : StyledText(indent)) + StyledText(line)).rendered(style))
            }
            for line in finding.hint.map({ "way out: \($0)" })?.wrapped(to: room) ?? [] {
                lines.append((StyledText(indent) + StyledText(line, .cyan)).rendered(style))
            }
        }
        let (problems, warnings) = (findings.count { $0.status == .problem }, findings.count { $0.status == .warning })
        lines.append("")
        lines.append(problems == 0 && warnings == 0 ? "all is well" : "\(Figures.counted(problems, "problem")), \(Figures.counted(warnings, "warning"))")
        return lines.map { $0 + "\n" }.joined()
    }

    public var json: JSONValue {
        [
            "ok": .bool(isGood),
            "checks": .array(
                findings.map {
                    ["check": .string($0.check), "status": .string($0.status.rawValue), "message": .string($0.message), "hint": .text($0.hint)]
                }),
        ]
    }

    private func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.terminalWidth)) }
}
