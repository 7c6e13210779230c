import Economics
import Values

/// What was known of the models that a run may ask when it began: what bounds and holds, attachments and marks of caches follow from. A document of
/// the run, the same for all runs of a workflow in a project that did not change.
public struct RecordedModels: Sendable {
    /// One of them.
    public enum Entry: Sendable {
        /// - Parameter prices: `nil`: it had none.
        case known(ModelProfile, prices: RecordedPrices?)
        /// Why it cannot be asked.
        case unknown(StepFailure)
    }

    /// In the order in which the workflow names them, each once.
    public private(set) var entries: [(model: ModelReference, entry: Entry)] = []
    private var places: [ModelReference: Int] = [:]

    public init() {}

    public subscript(model: ModelReference) -> Entry? { places[model].map { entries[$0].entry } }

    public mutating func add(_ model: ModelReference, _ entry: @autoclosure () -> Entry) {
        guard places[model] == nil else { return }
        places[model] = entries.count
        entries.append((model, entry()))
    }
}

extension RecordedModels {
    public var json: JSONValue {
        // By number: which of them are one matters, and an address may hold a key.
        var servers: [String] = []
        return .array(
            entries.map { model, entry in
                switch entry {
                case .known(let profile, let prices):
                    let server: JSONValue?
                    if profile.server == profile.reference.provider {
                        server = nil
                    } else {
                        if !servers.contains(where: { $0.hasSameBytes(as: profile.server) }) { servers.append(profile.server) }
                        server = .string("#\(servers.firstIndex { $0.hasSameBytes(as: profile.server) }! + 1)")
                    }
                    return .object((profile.json.objectValue ?? [:]).with("server", server).with("prices", prices?.json))
                case .unknown(let failure): return ["model": .string(model.description), "failure": failure.json]
                }
            })
    }

    /// `nil` when it is not of that form.
    public init?(json: JSONValue) {
        guard let list = json.arrayValue else { return nil }
        for value in list {
            guard let model = value["model"]?.stringValue.flatMap(ModelReference.init(text:)) else { return nil }
            if let failure = value["failure"] {
                guard let failure = StepFailure(json: failure) else { return nil }
                add(model, .unknown(failure))
            } else {
                let prices = value["prices"].map { RecordedPrices(json: $0) }
                guard let profile = ModelProfile(json: value), prices == nil || prices! != nil else { return nil }
                add(model, .known(profile, prices: prices ?? nil))
            }
        }
    }
}
