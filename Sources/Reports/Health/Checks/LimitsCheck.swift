import Values

/// The machine can hold what a batch asks of it.
enum LimitsCheck {
    /// What `run --batch` starts with.
    static let usual = 16

    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        let machine = facts.machine
        let (soft, hard) = machine.openFiles
        let connections = OpenFileLimit(Int(clamping: hard)).transfers
        let number = hard > 1 << 40 ? "without limit" : Figures.count(Int(hard))
        let raised = soft < hard ? " (now \(Figures.count(Int(soft))), raised by itself)" : ""
        let text =
            "open files \(number)\(raised), so \(hard > 1 << 40 ? "any number of" : Figures.count(connections)) calls at once; "
            + "\(Figures.counted(machine.cores, "core")), \(ByteCount.text(Int64(clamping: machine.memory))) of memory"
        let hint = "raise the hard limit: ulimit -Hn 65536, or LimitNOFILE= of the service"
        if connections < usual { return [HealthFinding("limits", .problem, text, hint: hint)] }
        if connections < 512 { return [HealthFinding("limits", .warning, text, hint: "keep --max-parallel below \(connections), or " + hint)] }
        let asked = facts.providers.reduce(0) { $0 + ($1.maxConcurrency ?? 0) }
        if connections < asked {
            return [HealthFinding("limits", .warning, text, hint: "max_concurrency allows \(Figures.counted(asked, "call")) at once: lower it, or " + hint)]
        }
        return [HealthFinding("limits", .ok, text)]
    }
}
