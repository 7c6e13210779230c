/// What helps against refusals whose words do not say it: a place that is not served, a session that is over, a deployment that is not there.
///
/// Sources: the error pages of OpenAI, Azure OpenAI ("DeploymentNotFound"), Amazon Bedrock (`ExpiredTokenException`, inference profiles) and
/// Vertex AI.
enum ErrorHints {
    private static let table: [(words: [String], hint: String)] = [
        (["unsupported_country_region_territory"], "the vendor does not serve the region that this machine is in: ask another provider, or go by a gateway elsewhere"),
        (
            ["deploymentnotfound", "the api deployment for this resource does not exist"],
            "the model's id is the name of the deployment: models: { NAME: { id: DEPLOYMENT } }; a new one may take five minutes"
        ),
        (["expiredtoken", "token has expired", "session has expired", "security token included in the request is expired"], "sign in again and resume the run"),
        (["inference profile"], "the model is asked by the id of an inference profile of its region: models: { NAME: { id: … } }"),
        (["publisher model", "not available in your region", "not available in this region", "is not supported in this region"], "the model is not offered in the region of base_url: name another one there"),
        (["unsupported api version", "api version not supported", "invalid api version", "missing api version"], "the version stands in base_url: …/v1?api-version=YYYY-MM-DD"),
    ]

    /// Behind the sentence of the server; empty where nothing is to be said.
    ///
    /// - Parameter words: its codes and its sentence.
    static func hint(for words: [String]) -> String {
        let text = words.joined(separator: " ").lowercased()
        return table.first { $0.words.contains(where: text.contains) }.map { "; \($0.hint)" } ?? ""
    }
}
