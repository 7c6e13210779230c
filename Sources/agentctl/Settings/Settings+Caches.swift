import PromptCaching
import Providers
import WorkflowModel

extension Settings {
    /// How the caches of the project's models work; nothing of one that is not known.
    var cacheRules: (ModelReference) -> CacheRules? {
        let directory = ProviderDirectory(project.providers)
        return { directory.cache(of: $0) }
    }
}
