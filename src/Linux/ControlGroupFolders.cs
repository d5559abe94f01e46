namespace Skiff.Linux;

/// <summary>
/// Where the groups of a process lie in the file system: /proc/PID/cgroup names them below the root of their hierarchy,
/// mountinfo tells which part of which hierarchy is mounted where (in a container often only a part).
/// </summary>
/// <param name="Controllers">v1: folder by controller (<c>memory</c>, <c>name=systemd</c>, …).</param>
/// <param name="Unified">v2: the folder; null when the process is in none that is mounted.</param>
/// <param name="Own">Those of the folders that are not the root of what is mounted: groups made for somebody.</param>
internal sealed record ControlGroupFolders(IReadOnlyDictionary<string, string> Controllers, string? Unified, IReadOnlySet<string> Own)
{
    /// <param name="membership">proc(5): lines <c>hierarchy:controllers:path</c>; v2 has hierarchy 0 and no controllers.</param>
    /// <param name="relocate">Replaces a mount point, for tests.</param>
    public static ControlGroupFolders Find(string membership, string mountInfo, Func<string, string> relocate)
    {
        var mounts = mountInfo.Split('\n').Select(Mount.Parse).OfType<Mount>().ToList();
        var controllers = new Dictionary<string, string>(StringComparer.Ordinal);
        var own = new HashSet<string>(StringComparer.Ordinal);
        string? unified = null;
        foreach (var line in membership.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(':', 3) is not [_, var names, var path])
            {
                throw new LinuxException("read /proc/PID/cgroup (a line is not hierarchy:controllers:path)", Errno.EPROTO, line);
            }

            foreach (var name in names.Split(','))
            {
                var place = mounts
                    .Where(mount => mount.Holds(name))
                    .Select(mount => mount.TryResolve(path))
                    .FirstOrDefault(found => found is not null);
                if (place is not (var point, var below))
                {
                    continue;
                }

                var folder = relocate(point) + below;
                if (below.Length > 0)
                {
                    own.Add(folder);
                }

                if (name.Length == 0)
                {
                    unified = folder;
                }
                else
                {
                    controllers[name] = folder;
                }
            }
        }

        return new ControlGroupFolders(controllers, unified, own);
    }

    /// <summary>One line of mountinfo that mounts a hierarchy.</summary>
    /// <param name="Controllers">Null: v2.</param>
    private sealed record Mount(string Root, string Point, HashSet<string>? Controllers)
    {
        /// <summary>proc(5): <c>id parent major:minor root point options [optional …] - type source super-options</c>.</summary>
        public static Mount? Parse(string line)
        {
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            if (separator < 0
                || line[..separator].Split(' ') is not [_, _, _, var root, var point, ..]
                || line[(separator + 3)..].Split(' ') is not [var type, _, var options])
            {
                return null;
            }

            return type switch
            {
                "cgroup" => new Mount(Unescape(root), Unescape(point), [.. options.Split(',')]),
                "cgroup2" => new Mount(Unescape(root), Unescape(point), null),
                _ => null,
            };
        }

        public bool Holds(string controller) => Controllers?.Contains(controller) ?? controller.Length == 0;

        /// <summary>Mount point, and the group's path below it (empty: the mount's root). Null when the mount does not show the group.</summary>
        public (string Point, string Below)? TryResolve(string path)
        {
            // A path that begins with /.. lies outside our cgroup namespace.
            if (path.Split('/').Contains(".."))
            {
                return null;
            }

            var root = Root == "/" ? "" : Root;
            if (path != root && !path.StartsWith(root + "/", StringComparison.Ordinal))
            {
                return null;
            }

            var below = path[root.Length..];
            return (Point.TrimEnd('/'), below == "/" ? "" : below);
        }

        /// <summary>The kernel writes space, tab, newline and backslash as three octal digits.</summary>
        private static string Unescape(string text) => text
            .Replace("\\040", " ", StringComparison.Ordinal)
            .Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal)
            .Replace("\\134", "\\", StringComparison.Ordinal);
    }
}
