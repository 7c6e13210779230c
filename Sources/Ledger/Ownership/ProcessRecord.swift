import Values

/// A row of `process`: a process that drives runs, or drove some, and when it was last heard of.
struct ProcessRecord: Sendable, Hashable {
    let id: Int64
    let identity: ProcessIdentity
    /// By its wall clock.
    let beat: Timestamp
    /// By its clock since the boot; `nil` for those that were recorded before there was one.
    let beatUptime: Int64?
    /// How long it may be silent.
    let lease: TimeSpan

    /// An expression that gives one as a JSON text, or null.
    ///
    /// - Parameter owner: a column with the process's id.
    static func sql(of owner: String) -> String {
        """
        (SELECT json_array(id, host, boot, pid_namespace, time_namespace, pid, start, beat, beat_uptime, lease_ms)
        FROM process WHERE process.id = \(owner))
        """
    }

    init(id: Int64, identity: ProcessIdentity, beat: Timestamp, beatUptime: Int64?, lease: TimeSpan) {
        self.id = id
        self.identity = identity
        self.beat = beat
        self.beatUptime = beatUptime
        self.lease = lease
    }

    /// - Parameter text: of ``sql(of:)``.
    init?(text: String?) {
        guard let text, let row = (try? JSONParser.parse(text))?.arrayValue, row.count == 10, let id = row[0].intValue, let host = row[1].stringValue,
            let pid = row[5].intValue, let beat = row[7].intValue, let lease = row[9].intValue
        else { return nil }
        self.id = id
        identity = ProcessIdentity(
            host: host, boot: row[2].stringValue, pidNamespace: row[3].intValue, timeNamespace: row[4].intValue, pid: pid, start: row[6].intValue)
        self.beat = Timestamp(microseconds: beat)
        beatUptime = row[8].intValue
        self.lease = .milliseconds(lease)
    }
}
