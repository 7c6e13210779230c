import WorkflowModel

/// What the replaying commands share.
enum RunReplaying {
    /// Replays one run from its record alone.
    static func replay(_ transcript: any RunTranscript, _ settings: Settings) async throws -> ReplayReport {
        throw UsageError("not there yet")
    }
}
