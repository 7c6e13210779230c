/// What helps against refusals whose words do not say it: a place that is not served, a session that is over, a deployment that is not there.
///
/// Sources: the error pages of OpenAI, Azure OpenAI ("DeploymentNotFound"), Amazon Bedrock (`ExpiredTokenException`, inference profiles), Google
/// and Anthropic.
enum ErrorHints {
    private static let table: [(words: [String], hint: String)] = [
        (
            ["unsupported_country_region_territory", "request not allowed", "user location is not supported"],
            "the vendor does not serve the region that this machine is in: ask another provider, or go by a gateway elsewhere"
        ),
        (
            ["deploymentnotfound", "the api deployment for this resource does not exist"],
            "the model's id is the name of the deployment: models: { NAME: { id: DEPLOYMENT } }; a new one may take five minutes"
        ),
        (
            [
                "expiredtoken", "token_expired", "token has expired", "token is expired", "session has expired", "security token included in the request is expired",
                "expected oauth 2 access token",
            ],
            "a session's token lives for minutes or hours: sign in again and resume the run, or let api_key: { command: … } print one"
        ),
        (["inference profile"], "the model is asked by the id of an inference profile of its region: models: { NAME: { id: … } }"),
        (["model identifier is invalid"], "the region of base_url may not have the model, or has it under the id of an inference profile: models: { NAME: { id: … } }"),
        (["publisher model", "not available in your region", "not available in this region", "is not supported in this region"], "the model is not offered in the region of base_url: name another one there"),
        (
            ["unsupported api version", "api version not supported", "invalid api version", "missing api version", "only for api-version"],
            "the version stands in base_url: …/v1?api-version=YYYY-MM-DD"
        ),
        (["resource not found"], "nothing stands at this address: is base_url whole? Azure's ends in /openai/v1"),
        (["not a chat model"], "it is for completions, which are not spoken here: name a model that chats, or try api: openai-responses in the model's entry"),
        (["with the responses api", "in the responses api"], "api: openai-chat in the model's entry asks it that way"),
        (["'temperature' does not support", "'temperature' is not supported", "`temperature` is deprecated", "'top_p' is not supported"], "take it out of the tier or step; a model that reasons goes by reasoning: low"),
        (["logprobs are not supported", "logprobs' is not supported", "logprobs is not"], "take logprobs out, and say logprobs: false in the model's entry"),
    ]

    /// Behind the sentence of the server; empty where nothing is to be said.
    ///
    /// - Parameter words: its codes and its sentence.
    static func hint(for words: [String]) -> String {
        let text = words.joined(separator: " ").lowercased()
        return table.first { $0.words.contains(where: text.contains) }.map { "; \($0.hint)" } ?? ""
    }
}
