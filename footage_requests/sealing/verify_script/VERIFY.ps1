# Checks a release package of camera footage on Windows with nothing installed (Windows PowerShell 5.1).
#     powershell -ExecutionPolicy Bypass -File 4_VERIFY\VERIFY.ps1
# Compares the SHA-256 of every file with SHA256SUMS.txt, then the signature over manifest.json.
# Compare the two fingerprints that it prints with the hand-over record on paper.

$verify = Split-Path -Parent $MyInvocation.MyCommand.Path
$top = Split-Path -Parent $verify
$bad = 0
$named = @{}

foreach ($line in [System.IO.File]::ReadAllLines("$verify\SHA256SUMS.txt")) {
    $expected = $line.Substring(0, 64)
    $name = $line.Substring(66)
    $named[$name] = $true
    $path = Join-Path $top ($name -replace '/', '\')
    if (-not (Test-Path -LiteralPath $path)) { Write-Output "BAD  missing: $name"; $bad++; continue }
    $found = (Get-FileHash -LiteralPath $path -Algorithm SHA256).Hash.ToLower()
    if ($found -ne $expected) { Write-Output "BAD  changed: $name"; $bad++ } else { Write-Output "ok   $name" }
}

foreach ($file in Get-ChildItem -LiteralPath $top -Recurse -File) {
    $name = $file.FullName.Substring($top.Length + 1) -replace '\\', '/'
    if (-not $name.StartsWith('4_VERIFY/') -and -not $named.ContainsKey($name)) {
        Write-Output "BAD  not part of the package: $name"; $bad++
    }
}

Add-Type -AssemblyName System.Security
$manifest = [System.IO.File]::ReadAllBytes("$verify\manifest.json")
$content = New-Object System.Security.Cryptography.Pkcs.ContentInfo (,$manifest)
$signature = New-Object System.Security.Cryptography.Pkcs.SignedCms ($content, $true)
try {
    $signature.Decode([System.IO.File]::ReadAllBytes("$verify\manifest.json.p7s"))
    $signature.CheckSignature($true)
    Write-Output "ok   signature over manifest.json"
    $sums = (Get-FileHash -LiteralPath "$verify\SHA256SUMS.txt" -Algorithm SHA256).Hash.ToLower()
    if ([System.Text.Encoding]::UTF8.GetString($manifest).Contains($sums)) {
        Write-Output "ok   SHA256SUMS.txt is the one in the manifest"
    } else { Write-Output "BAD  SHA256SUMS.txt was changed"; $bad++ }
} catch { Write-Output "BAD  signature over manifest.json: $_"; $bad++ }

foreach ($name in 'ca.pem', 'signer.pem') {
    $certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 "$verify\$name"
    $hash = [System.Security.Cryptography.SHA256]::Create().ComputeHash($certificate.RawData)
    Write-Output ("     {0}: {1}" -f $name, [System.BitConverter]::ToString($hash).Replace('-', ':'))
}
if ($bad -gt 0) { Write-Output "NOT VERIFIED / DOGRULANAMADI"; exit 2 }
Write-Output "Unchanged. Compare the fingerprints above with the paper. / Degismemis. Parmak izlerini kagitla karsilastirin."
