/// There are certificates to check servers by; without them every https call fails.
enum CertificatesCheck {
    static func findings(_ facts: HealthFacts) -> [HealthFinding] {
        let certificates = facts.certificates
        let origin = certificates.variable.map { "from \($0)" } ?? "libcurl's own choice"
        let hint = certificates.variable.map { "correct \($0), or unset it" } ?? "install the package ca-certificates, or name a bundle in SSL_CERT_FILE"
        guard let path = certificates.path else {
            return [HealthFinding("certificates", .warning, "libcurl knows no bundle of certificates", hint: hint)]
        }
        switch certificates.state {
        case .file(0): return [HealthFinding("certificates", .problem, "\(path) (\(origin)) holds no certificate in PEM", hint: hint)]
        case .file(let count): return [HealthFinding("certificates", .ok, "\(path) (\(origin)), \(Figures.counted(count, "certificate"))")]
        case .folder: return [HealthFinding("certificates", .ok, "\(path) (\(origin)), a folder")]
        case .unreadable: return [HealthFinding("certificates", .problem, "\(path) (\(origin)) cannot be read", hint: hint)]
        }
    }
}
