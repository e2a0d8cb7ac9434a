using CsCheck;
using Kache.Exchanges;
using Xunit;

namespace Kache.Tests.Exchanges;

[Trait("Row", "H8")]
public sealed class ByteCoverageTests
{
    [Fact]
    public void It_covers_what_a_model_covers_that_looks_at_every_byte()
    {
        var range = Gen.Select(Gen.Int[0, 20], Gen.Int[0, 8]);
        Gen.Select(range.Array[0, 8], range).Sample((added, asked) =>
        {
            var coverage = new ByteCoverage();
            var bytes = new bool[40];
            foreach (var (first, length) in added)
            {
                coverage.Add(first, length);
                bytes.AsSpan(first, length).Fill(true);
            }
            return coverage.Length == bytes.Count(there => there)
                && coverage.Covers(asked.Item1, asked.Item2) == !bytes.AsSpan(asked.Item1, asked.Item2).Contains(false);
        }, iter: 20_000);
    }
}
