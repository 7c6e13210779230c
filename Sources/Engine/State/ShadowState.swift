import Values
import WorkflowModel

/// Which further tiers a run is still to ask for comparison, and the calls of those that are asked. They are made when all its steps have ended, and
/// change nothing of them.
struct ShadowState {
    struct Place: Hashable {
        let path: String
        let tier: String
    }

    /// In the order in which they were drawn.
    private(set) var pending: [Place] = []
    private var places: Set<Place> = []
    /// Under way, by their numbers.
    private(set) var calls: [Int: CallStarted] = [:]
    /// Those that were asked: once each.
    private var asked: Set<Place> = []

    var isEmpty: Bool { places.isEmpty }

    mutating func draw(_ draw: ShadowDrawn) throws(IllegalFact) {
        for tier in draw.tiers {
            let place = Place(path: draw.path, tier: tier)
            guard places.insert(place).inserted else { throw IllegalFact("\(tier) is asked for comparison twice at '\(draw.path)'") }
            pending.append(place)
        }
    }

    mutating func begin(_ call: CallStarted) throws(IllegalFact) {
        let place = Place(path: call.path, tier: call.tier)
        guard places.contains(place), asked.insert(place).inserted else { throw IllegalFact("\(call.tier) is not to be asked for comparison at '\(call.path)'") }
        calls[call.id.number] = call
    }

    mutating func end(_ call: CallID) -> CallStarted? { calls.removeValue(forKey: call.number) }

    mutating func end(_ shadow: ShadowEnded) throws(IllegalFact) {
        let place = Place(path: shadow.path, tier: shadow.tier)
        guard !calls.values.contains(where: { $0.path == place.path && $0.tier == place.tier }) else { throw IllegalFact("'\(shadow.path)' has a call under way") }
        guard places.remove(place) != nil else { throw IllegalFact("\(shadow.tier) is not to be asked for comparison at '\(shadow.path)'") }
        // Mostly the first.
        if let index = pending.firstIndex(of: place) { pending.remove(at: index) }
    }

    /// The process that asked is gone.
    mutating func lose() -> [CallStarted] {
        let lost = calls.values.sorted { $0.id.number < $1.id.number }
        calls = [:]
        return lost
    }
}

/// The facts of asking for comparison.
extension RunState {
    /// Takes a fact of it.
    ///
    /// - Returns: `false` for all others.
    /// - Throws: where steps of the run have not ended, and for what was not drawn.
    func takeShadow(_ fact: RunEvent, at moment: Timestamp, _ documents: FactDocuments) throws(IllegalFact) -> Bool {
        switch fact {
        case .callStarted(let call) where call.purpose == .shadow:
            try holdEnding()
            guard call.id.run == run, call.ordinal == 0, numbers.record(call.id.number) else { throw IllegalFact("call \(call.id) cannot be one for comparison") }
            try shadows.begin(call)
        case .callEnded(let end) where shadows.calls[end.id.number] != nil:
            try holdEnding()
            guard end.isPossible else { throw IllegalFact("the end of call \(end.id) cannot be true") }
            let call = shadows.end(end.id)!
            money.settle(call, end, caps: call.caps)
        case .shadowEnded(let shadow):
            try holdEnding()
            if let output = shadow.output { _ = try documents.value(of: output) }
            try shadows.end(shadow)
        default: return false
        }
        lastFactAt = moment
        return true
    }

    private func holdEnding() throws(IllegalFact) {
        guard ending != nil else { throw IllegalFact("tiers are asked for comparison when the run's steps have ended") }
    }
}
