import Values

/// Names a run: `20261121-094815-k3f9q2ab`, the moment of its start and eight random letters. Sorts by time.
public struct RunID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    /// - Parameter random: 40 bits are used.
    public init(at moment: Timestamp, random: UInt64) {
        let stamp = moment.rfc3339.utf8.filter { $0 &- 0x30 < 10 }
        // Crockford's alphabet: no letter is mistaken for a digit.
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var bytes = Array(stamp[0..<8])
        bytes.append(0x2D)
        bytes += stamp[8..<14]
        bytes.append(0x2D)
        for index in 0..<8 { bytes.append(alphabet[Int(random >> UInt64(index * 5) & 31)]) }
        text = String(decoding: bytes, as: UTF8.self)
    }

    public static func < (a: RunID, b: RunID) -> Bool { a.text < b.text }
    public var description: String { text }
}

/// Names a call: its run and a number in it, `20261121-094815-k3f9q2ab.7`. Sent to servers in a header.
public struct CallID: Sendable, Hashable, CustomStringConvertible {
    public let run: RunID
    public let number: Int

    public init(run: RunID, number: Int) {
        self.run = run
        self.number = number
    }

    public var text: String { run.text + "." + String(number) }
    public var description: String { text }
}

/// What a call is for. Every call is priced, whatever its purpose.
public enum CallPurpose: String, Sendable, Hashable {
    case `try`, repair
    /// Asks for the rest of an answer that stopped at its cap of tokens.
    case continuation = "continue"
    /// Asks the model's server how many tokens the prompt of another call has; the model does not work.
    case count
    /// A check of a gate asks a model about an answer.
    case judge
    /// A check of a gate asks the same question again.
    case agree
    /// A further tier is asked for comparison, behind the run's steps.
    case shadow
    /// What later prompts begin with is written to the cache of their model, without an answer.
    case warm

    /// Whether no step needs it: it is asked once, where the money for it is there, and that it was refused is told by nobody.
    public var isAside: Bool { self == .shadow || self == .warm }
}

/// The state of a call in the ledger.
public enum CallState: String, Sendable, Hashable {
    /// Begun; the worst case counts against caps.
    case held
    /// Final usage was reported and priced.
    case settled
    /// Ended without final usage: the cost is an estimate and the hold stays.
    case estimated
    /// Nothing is known of its end: the hold stays.
    case unknown
    /// Cost more than was held.
    case overrun
    /// Never reached the server, or the server says that it did no work: nothing owed.
    case void
}
