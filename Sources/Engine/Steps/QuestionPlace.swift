import Values
import WorkflowModel

/// Which of a gate's questions one is, and what holds for it in place of what its step says.
struct QuestionPlace {
    /// The tier that is being decided.
    let tier: String
    /// Empty for the tier's own question, else the name of the check that asks, with `#k` for each of several samples.
    let part: String
    let limits: StepLimits
    let timeout: TimeSpan
    /// Of its first try at each model.
    var purpose = CallPurpose.try
    /// What its prompt reads; `nil`: what the step's does.
    var scope: RunScope?
    /// What stands before a judge's own prompt, where that says neither what was asked nor what was answered.
    var frame: String?
    var temperature: Double?
    /// Whether log-probabilities are asked for.
    var wantsLogprobs = false
    /// Whether its calls are of all tiers.
    var isAskedOnce = false
    /// Whether a person may be asked for the money that it takes.
    var mayAskForMoney = false
    /// What is counted before its first call.
    var rate: RateCheck?

    func sampling(over usual: Sampling) -> Sampling {
        var sampling = usual
        sampling.temperature = temperature ?? usual.temperature
        if wantsLogprobs { sampling.logprobs = true }
        return sampling
    }

    func purpose(of call: TryMachine.Call) -> CallPurpose { call.purpose == .try ? purpose : call.purpose }
}
