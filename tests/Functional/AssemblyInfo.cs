using Skiff.Functional;
using Xunit.Sdk;
using Xunit.v3;

// One containerd after another: two cores carry one test at a time, and times are asserted.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Nodes))]
[assembly: TestCollectionOrderer(typeof(CheapestFirst))]
